#include "unmask/face/frame_sampler.h"

#include <algorithm>
#include <cmath>
#include <opencv2/imgproc.hpp>
#include <utility>

#include "unmask/media/opencv_view.h"

namespace unmask {
namespace {

constexpr double kRounding = 1e-6;  // seconds

// Frames that may pass between two that are due, whatever their times: three times as many as the
// mean frame rate has pass, and ten at least.
constexpr double kMostPassed = 3;
constexpr int64_t kLeastPassed = 10;

// Two views are compared in every square of this side (pixels), that of a small face: where one
// moves by a third of itself, a good part of a square changes. Smaller values here have people who
// do but talk searched for more often, and find no other tracks.
constexpr int kSquare = 16;
constexpr double kMoved = 16;  // grey levels, the mean difference within a square
// The part of the picture that changes at a cut, at least: bars around it do not.
constexpr double kChanged = 0.2;

struct Change {
  double largest = 0;  // mean difference within a square
  double part = 0;     // of the picture, that has moved
};

Change ChangeBetween(const cv::Mat& a, const cv::Mat& b) {
  cv::Mat difference, means;
  cv::absdiff(a, b, difference);
  cv::blur(difference, means, {std::min(kSquare, a.cols), std::min(kSquare, a.rows)});
  Change change;
  cv::minMaxLoc(means, nullptr, &change.largest);
  change.part = cv::countNonZero(means > kMoved) / static_cast<double>(means.total());
  return change;
}

// Whether a frame at `time` is due; if so, says when the next one is. From the grid, not from this
// frame, so that the rate does not drift; after a pause anew.
bool TakeDue(double time, double interval, double& due) {
  if (time < due - kRounding) return false;
  due = due + interval > time ? due + interval : time + interval;
  return true;
}

}  // namespace

FrameSampler::FrameSampler(const MediaInfo& info, const FrameSamplerOptions& options) {
  const bool is_short = info.duration > 0 && info.duration <= options.short_clip;
  if (info.is_picture || is_short || options.fps <= 0) return;
  interval_ = 1 / options.fps;
  const double usual = std::min(info.frames_per_second * interval_, 1e6);
  most_passed_ = std::max<int64_t>(kLeastPassed, std::llround(kMostPassed * usual));
  all_are_candidates_ = options.least_frames == 0;
  steady_interval_ = interval_;
  if (options.steady_fps > 0 && (all_are_candidates_ || info.duration > 0)) {
    double longest = 1 / options.steady_fps;
    if (!all_are_candidates_) longest = std::min(longest, info.duration / options.least_frames);
    steady_interval_ *= std::max(1.0, std::floor(longest / interval_ + kRounding));
  }
}

bool FrameSampler::Due(double time, int64_t index) {
  if (interval_ <= 0) return true;
  const bool overdue = index - last_due_ > most_passed_;
  if (!TakeDue(time, interval_, due_) && !overdue) return false;
  last_due_ = index;
  steady_ = TakeDue(time, steady_interval_, steady_due_) || overdue;
  return true;
}

MovementFilter::MovementFilter(const FrameSampler& sampler, const FrameSamplerOptions& options)
    : all_(options.thorough || sampler.steady_interval() <= sampler.interval()) {}

bool MovementFilter::Wanted(const Image& view, bool steady) {
  if (all_) return true;
  Image grey(view.width, view.height, 1);
  cv::Mat target = ViewOf(grey);
  cv::cvtColor(ViewOf(view), target, cv::COLOR_RGB2GRAY);
  const bool other = searched_.data.size() != grey.data.size();
  const Change change = other ? Change{256, 1} : ChangeBetween(ViewOf(searched_), ViewOf(grey));
  const bool wanted = steady || changed_ || change.largest > kMoved;
  if (wanted) {
    changed_ = change.part > kChanged;
    searched_ = std::move(grey);
  }
  return wanted;
}

}  // namespace unmask
