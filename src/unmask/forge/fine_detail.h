#pragma once

// For .cc files only: OpenCV types stay out of public headers.

#include <opencv2/core.hpp>

#include "unmask/base/random.h"

namespace unmask {

// A lens loses fine detail and a camera sharpens, so neither is a trace of manipulation. Where a
// forgery changes it, the real half of a pair is given as much or as little by plain means.

// Mean |Laplacian| of the grey picture (RGB, bytes or floats).
double FineDetail(const cv::Mat& picture);

// Blurs the picture until `part` of it shows no more fine detail than `wanted`, or sharpens it
// until it shows as much: by a Gaussian up to 4 pixels wide, or by up to 8 times what one of a
// pixel takes away. Bytes or floats.
void SoftenTo(double wanted, const cv::Rect& part, cv::Mat& picture);
void SharpenTo(double wanted, const cv::Rect& part, cv::Mat& picture);

// Adds noise without a pattern, equal in all colours, until the picture (floats) shows as much fine
// detail as `wanted`: up to 32 grey levels.
void RoughenTo(double wanted, cv::Mat& picture, Random& random);

}  // namespace unmask
