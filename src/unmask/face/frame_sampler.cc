#include "unmask/face/frame_sampler.h"

#include <algorithm>
#include <cmath>
#include <opencv2/imgproc.hpp>
#include <utility>

#include "unmask/media/opencv_view.h"

namespace unmask {
namespace {

constexpr double kRounding = 1e-6;  // seconds

// Two views are compared in every square of this side (pixels), that of a small face: where one
// moves by a third of itself, a good part of a square changes. Smaller values here have people who
// do but talk searched for more often, and find no other tracks.
constexpr int kSquare = 16;
constexpr double kMoved = 16;  // grey levels, the mean difference within a square

// The largest mean difference within a square.
double LargestChange(const cv::Mat& a, const cv::Mat& b) {
  cv::Mat difference, means;
  cv::absdiff(a, b, difference);
  cv::blur(difference, means, {std::min(kSquare, a.cols), std::min(kSquare, a.rows)});
  double largest = 0;
  cv::minMaxLoc(means, nullptr, &largest);
  return largest;
}

}  // namespace

FrameSampler::FrameSampler(const MediaInfo& info, const FrameSamplerOptions& options)
    : thorough_(options.thorough) {
  const bool is_short = info.duration > 0 && info.duration <= options.short_clip;
  if (info.is_picture || is_short || options.fps <= 0) return;
  interval_ = 1 / options.fps;
  if (options.least_frames > 0 && info.duration > 0 && options.steady_fps > 0) {
    const double longest = std::min(1 / options.steady_fps, info.duration / options.least_frames);
    every_ = std::max<int64_t>(1, static_cast<int64_t>(longest / interval_ + kRounding));
  }
}

bool FrameSampler::Due(double time) {
  if (interval_ > 0) {
    if (time < due_ - kRounding) return false;
    // From the grid, not from this frame, so that the rate does not drift; after a pause anew.
    due_ = due_ + interval_ > time ? due_ + interval_ : time + interval_;
  }
  ++due_count_;
  return true;
}

bool FrameSampler::Wanted(const Image& view) {
  if (every_ == 1 || thorough_) return true;
  Image grey(view.width, view.height, 1);
  cv::Mat target = ViewOf(grey);
  cv::cvtColor(ViewOf(view), target, cv::COLOR_RGB2GRAY);
  const bool wanted = steady() || searched_.data.size() != grey.data.size() ||
                      LargestChange(ViewOf(searched_), ViewOf(grey)) > kMoved;
  if (wanted) searched_ = std::move(grey);
  return wanted;
}

}  // namespace unmask
