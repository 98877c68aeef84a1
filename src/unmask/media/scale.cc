#include "unmask/media/scale.h"

#include <algorithm>
#include <cmath>
#include <opencv2/imgproc.hpp>

#include "unmask/media/opencv_view.h"

namespace unmask {

Image Scaled(const Image& image, int width, int height) {
  Image scaled(width, height, image.channels);
  cv::Mat view = ViewOf(scaled);
  const bool shrinks = width <= image.width && height <= image.height;
  cv::resize(ViewOf(image), view, view.size(), 0, 0, shrinks ? cv::INTER_AREA : cv::INTER_CUBIC);
  return scaled;
}

int EvenPixels(double value) { return std::max(2, 2 * static_cast<int>(std::lround(value / 2))); }

}  // namespace unmask
