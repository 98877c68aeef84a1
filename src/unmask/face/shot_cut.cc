#include "unmask/face/shot_cut.h"

#include <algorithm>
#include <cmath>
#include <opencv2/imgproc.hpp>

#include "unmask/base/error.h"
#include "unmask/media/opencv_view.h"

namespace unmask {
namespace {

constexpr int kWidth = 48;  // of the thumbnail; the height follows the frame
constexpr int kHeight = 27;
constexpr double kFlat = 4;  // standard deviation of grey levels
// Successive frames of talking heads at 10 frames a second stay below 0.21 in 999 of 1000 cases;
// frames of different clips reach 0.46 in 98 of 100.
constexpr double kCut = 0.42;

}  // namespace

ShotCutDetector::Thumbnail ShotCutDetector::ThumbnailOf(const Image& frame) {
  cv::Mat small, grey;
  cv::resize(ViewOf(frame), small, {kWidth, kHeight}, 0, 0, cv::INTER_AREA);
  Thumbnail result;
  result.bins.fill(0);
  const float share = 1.0f / (kWidth * kHeight);
  for (int y = 0; y < kHeight; ++y) {
    for (int x = 0; x < kWidth; ++x) {
      const cv::Vec3b p = small.at<cv::Vec3b>(y, x);
      result.bins[(p[0] >> 5) * 64 + (p[1] >> 5) * 8 + (p[2] >> 5)] += share;
    }
  }
  cv::cvtColor(small, grey, cv::COLOR_RGB2GRAY);
  grey.convertTo(grey, CV_32F);
  cv::GaussianBlur(grey, grey, {5, 5}, 1.0);
  cv::Scalar mean, deviation;
  cv::meanStdDev(grey, mean, deviation);
  result.flat = deviation[0] < kFlat;
  grey -= mean[0];
  const double length = cv::norm(grey);
  if (length > 0) grey /= length;
  result.grey.assign(grey.begin<float>(), grey.end<float>());
  return result;
}

// The geometric mean of what is missing from a correlation of 1 and of the histogram distance: high
// only where both are.
double ShotCutDetector::Difference(const Thumbnail& a, const Thumbnail& b) {
  double correlation = 0, distance = 0;
  for (size_t i = 0; i < a.grey.size(); ++i) correlation += a.grey[i] * b.grey[i];
  for (size_t i = 0; i < a.bins.size(); ++i) distance += std::abs(a.bins[i] - b.bins[i]) / 2;
  const double structure = std::clamp(1 - correlation, 0.0, 1.0);
  return std::sqrt(structure * std::min(distance, 1.0));
}

bool ShotCutDetector::Update(const Image& frame) {
  if (frame.empty() || frame.channels != 3) throw Error("shot cuts: needs an RGB picture");
  Thumbnail thumbnail = ThumbnailOf(frame);
  if (thumbnail.flat) return false;
  difference_ = last_ ? Difference(*last_, thumbnail) : 0;
  last_ = std::move(thumbnail);
  return difference_ > kCut;
}

}  // namespace unmask
