#pragma once

#include <span>
#include <vector>

#include "unmask/base/random.h"
#include "unmask/media/image.h"

namespace unmask {

// Degradations of the world: what happens to real and to fake pictures alike on their way to us.
struct AugmentOptions {
  double strength = 1.0;  // scales every probability and range; 0 switches all off
  int output_size = 224;

  void Validate() const;
};

// Applies one draw of flip, crop jitter, colour, blur, noise, down-scaling and JPEG identically to
// all `images` (a pair of real and fake must not differ in anything but the manipulation). Input:
// square crops of one size; output: squares of `output_size`.
std::vector<Image> AugmentTogether(std::span<const Image> images, const AugmentOptions& options,
                                   Random& random);

}  // namespace unmask
