#pragma once

// For .cc files only: OpenCV types stay out of public headers.

#include <opencv2/core.hpp>

#include "unmask/media/image.h"

namespace unmask {

// A cv::Mat (CV_8UC1 or CV_8UC3, RGB order) over the pixels of `image`, without a copy. It must
// not outlive the image.
inline cv::Mat ViewOf(Image& image) {
  return cv::Mat(image.height, image.width, CV_8UC(image.channels), image.data.data());
}
inline const cv::Mat ViewOf(const Image& image) {
  return cv::Mat(image.height, image.width, CV_8UC(image.channels),
                 const_cast<uint8_t*>(image.data.data()));
}

}  // namespace unmask
