#pragma once

// For .cc files only: OpenCV types stay out of public headers.

#include <opencv2/core.hpp>

#include "unmask/base/random.h"

namespace unmask {

// What a generator leaves in a whole picture, without anything being blended (Frank et al.,
// "Frequency Analysis", ICML 2020; Durall et al., "Watch Your Up-Convolution", CVPR 2020). Pictures
// are CV_8UC3, results CV_32FC3 and may leave 0 … 255. `plain` of a pair is the picture that has
// lost or gained as much detail by ordinary means, without the trace.
struct Traced {
  cv::Mat plain, traced;
};

// Made `factor` times smaller (2 … 4) and large again by zeros between the pixels and a short
// filter, as a transposed convolution does: the filter's phases differ a little, which leaves a
// checkerboard. `plain` is enlarged bicubically, and blurred or given noise to as much detail.
Traced UpConvolve(const cv::Mat& picture, int factor, Random& random);

// Pixels of a grid of `period` (2 … 8) have detail and brightness of their own, as pixel shuffling
// leaves them: peaks in the spectrum. `plain` gets noise without a pattern.
Traced Shuffle(const cv::Mat& picture, int period, Random& random);

// A band of the spectrum, from a random radius to the highest frequency, is weakened or
// strengthened. `plain` is blurred or sharpened as much.
Traced ChangeSpectrum(const cv::Mat& picture, Random& random);

}  // namespace unmask
