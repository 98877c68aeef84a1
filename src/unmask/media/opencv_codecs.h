#pragma once

// For .cc files only: OpenCV types stay out of public headers.

#include <opencv2/core.hpp>
#include <string>
#include <vector>

namespace unmask {

// cv::imdecode and cv::imencode, whose library is loaded at the first use: it brings some hundred
// others with it (GDAL, databases, PDF), and loading them takes longer than all the rest of a short
// run. Throw Error when the library is missing, else as OpenCV does.
cv::Mat LazyImdecode(const std::vector<uint8_t>& bytes, int flags);
std::vector<uint8_t> LazyImencode(const std::string& extension, const cv::Mat& bgr,
                                  const std::vector<int>& parameters);

}  // namespace unmask
