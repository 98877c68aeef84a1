#pragma once

#include "unmask/sampling/augment.h"

namespace unmask {

// A picture of what the degradations do to the stored crop `face`: a row for each that can happen
// under `options`, named, from the lower end of its range to the upper, behind the face as it is.
Image DegradationSheet(const Image& face, const AugmentOptions& options);

}  // namespace unmask
