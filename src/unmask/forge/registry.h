#pragma once

#include <span>
#include <string_view>

#include "unmask/forge/forgery.h"

namespace unmask {

// The only list of forgeries.
std::span<const Forgery> Forgeries();

// Throws UsageError suggesting the nearest name.
const Forgery& FindForgery(std::string_view name, std::span<const Forgery> table = Forgeries());

}  // namespace unmask
