#pragma once

#include <span>
#include <string_view>

#include "unmask/forge/self_blend.h"

namespace unmask {

// A way to make a pseudo-fake of an aligned real face.
struct Forgery {
  std::string_view name;     // "self-blend"
  std::string_view summary;  // one line for --help
  // See SelfBlend(). With `change_target` false the fake equals `crop` outside the face.
  RealAndFake (*forge)(const Image& crop, std::span<const Point> mesh, bool change_target,
                       Random& random);
};

// The only list of forgeries.
std::span<const Forgery> Forgeries();

// Throws UsageError suggesting the nearest name.
const Forgery& FindForgery(std::string_view name);

}  // namespace unmask
