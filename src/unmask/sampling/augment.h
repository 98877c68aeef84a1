#pragma once

#include <span>
#include <vector>

#include "unmask/base/random.h"
#include "unmask/media/image.h"

namespace unmask {

// Degradations of the world: what happens to real and to fake pictures alike on their way to us.
struct AugmentOptions {
  double strength = 1.0;      // scales every probability and range, 0 … 1; 0 switches all off
  int output_size = 224;      // pixels
  double input_scale = 1.7;   // face scale of the crops given (CropStoreInfo::crop_scale)
  double output_scale = 1.3;  // face scale that inference uses

  void Validate() const;
};

// Applies one draw of flip, crop jitter, colour, blur, noise, down-scaling and JPEG identically to
// all `images` (a pair of real and fake must not differ in anything but the manipulation). Input:
// square crops of one size; output: squares of `output_size`. The same random state gives the same
// result.
std::vector<Image> AugmentTogether(std::span<const Image> images, const AugmentOptions& options,
                                   Random& random);

// What inference sees of a stored crop: its centre at the scale of inference.
Image CentreCrop(const Image& image, const AugmentOptions& options);

}  // namespace unmask
