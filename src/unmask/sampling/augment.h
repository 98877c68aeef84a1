#pragma once

#include <span>
#include <vector>

#include "unmask/base/random.h"
#include "unmask/media/image.h"
#include "unmask/sampling/degradations.h"

namespace unmask {

// What happens to real and to fake pictures alike on their way to us.
struct AugmentOptions {
  // Scales the probability of every degradation; for zoom, turn and shift the range instead. A flip
  // stays as likely as it is. 0 switches all off.
  double strength = 1.0;      // 0 … 1
  int output_size = 224;      // pixels
  double input_scale = 1.7;   // face scale of the crops given (CropStoreInfo::crop_scale)
  double output_scale = 1.3;  // face scale that inference uses
  DegradationLevels levels;

  void Validate() const;
};

// Applies one draw of degradations identically to all `images` (a pair of real and fake must not
// differ in anything but the manipulation). Input: square crops of one size; output: squares of
// `output_size`. The same random state gives the same result.
std::vector<Image> AugmentTogether(std::span<const Image> images, const AugmentOptions& options,
                                   Random& random);

// What inference sees of a stored crop: its centre at the scale of inference.
Image CentreCrop(const Image& image, const AugmentOptions& options);

}  // namespace unmask
