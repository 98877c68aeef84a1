#include <cmath>
#include <numbers>
#include <opencv2/imgproc.hpp>

#include "unmask/media/opencv_view.h"
#include "unmask/robustness/makers.h"
#include "unmask/sampling/degrade.h"

namespace unmask {
namespace {

// How the camera stands before the screen: one camera pixel sees 1 / kZoom screen pixels.
constexpr double kZoom = 1.04;
constexpr double kTurn = 1.2 * std::numbers::pi / 180;

// What the screen's grid lets through at every camera pixel, {height, width, R G B}, mean 1. The
// three stripes of a screen pixel lie a third of its width apart; cosines, sampled once a camera
// pixel, beat against the camera's own grid, which is what moire is.
cv::Mat GridSeenByCamera(cv::Size size, double depth) {
  cv::Mat grid(size, CV_32FC3);
  const double turn = 2 * std::numbers::pi;
  const double a = std::cos(kTurn) / kZoom, b = std::sin(kTurn) / kZoom;
  for (int y = 0; y < size.height; ++y) {
    auto* row = grid.ptr<cv::Vec3f>(y);
    for (int x = 0; x < size.width; ++x) {
      const double u = a * (x + 0.5) + b * (y + 0.5);
      const double v = -b * (x + 0.5) + a * (y + 0.5);
      for (int c = 0; c < 3; ++c) {
        row[x][c] = static_cast<float>(
            1 + depth * (std::cos(turn * (u + c / 3.0)) + 0.5 * std::cos(turn * v)));
      }
    }
  }
  return grid;
}

}  // namespace

FrameSequence FilmFromScreen(const Excerpt& excerpt, double depth_percent, uint64_t /*seed*/) {
  const double depth = depth_percent / 100;
  FrameSequence frames = excerpt.frames;
  const cv::Size size(frames.images.front().width, frames.images.front().height);
  const cv::Mat grid = GridSeenByCamera(size, depth);
  const cv::Point2f middle((size.width - 1) / 2.0f, (size.height - 1) / 2.0f);
  const cv::Mat camera = cv::getRotationMatrix2D(middle, kTurn * 180 / std::numbers::pi, kZoom);
  // A screen's black shines, and its curve and the camera's do not cancel.
  const Tone tone{.contrast = 1 - depth, .brightness = 255 * depth / 2, .gamma = 1 + 2 * depth};
  for (Image& image : frames.images) {
    cv::Mat view = ViewOf(image), seen;
    cv::warpAffine(view, seen, camera, size, cv::INTER_LINEAR, cv::BORDER_REFLECT);
    cv::multiply(seen, grid, view, 1, CV_8UC3);
    ChangeTone(image, tone);
  }
  return frames;
}

}  // namespace unmask
