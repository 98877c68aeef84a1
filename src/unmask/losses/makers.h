#pragma once

#include "unmask/losses/loss.h"

namespace unmask {

// What the table of losses points at; one file each.
std::unique_ptr<Loss> MakeSoftmax(const LossShape& shape, Random& random);

}  // namespace unmask
