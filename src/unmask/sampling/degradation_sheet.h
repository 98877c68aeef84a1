#pragma once

#include "unmask/media/image.h"
#include "unmask/sampling/augment.h"

namespace unmask {

// A picture of what each degradation does: a row each, with its range and probability above and the
// stored `crop` degraded from one end of the range to the other. Strength and probabilities of
// `options` do not count: everything is shown as if it happened.
Image DegradationSheet(const Image& crop, const AugmentOptions& options);

}  // namespace unmask
