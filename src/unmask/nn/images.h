#pragma once

#include <ATen/core/Tensor.h>

#include <array>
#include <span>

#include "unmask/media/image.h"

namespace unmask {

// Colour pictures of one size as {count, 3, H, W} float, (pixel / 255 − mean) / deviation, stored
// channels last.
at::Tensor ToTensor(std::span<const Image> images, const std::array<float, 3>& mean,
                    const std::array<float, 3>& deviation);

}  // namespace unmask
