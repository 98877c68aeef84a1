#include "unmask/face/frame_sampler.h"

#include <algorithm>
#include <cmath>
#include <opencv2/imgproc.hpp>
#include <utility>

#include "unmask/media/opencv_view.h"

namespace unmask {
namespace {

constexpr double kRounding = 1e-6;  // seconds

// Two views are compared in cells of about this side (pixels), less than the smallest face that the
// detector finds: a face that moves fills a cell.
constexpr int kCell = 12;
constexpr double kMoved = 12;  // grey levels, the mean difference within a cell

// The largest mean difference within a cell.
double LargestChange(const cv::Mat& a, const cv::Mat& b) {
  cv::Mat difference, cells;
  cv::absdiff(a, b, difference);
  const cv::Size grid(std::max(1, a.cols / kCell), std::max(1, a.rows / kCell));
  cv::resize(difference, cells, grid, 0, 0, cv::INTER_AREA);
  double largest = 0;
  cv::minMaxLoc(cells, nullptr, &largest);
  return largest;
}

}  // namespace

FrameSampler::FrameSampler(const MediaInfo& info, const FrameSamplerOptions& options) {
  const bool is_short = info.duration > 0 && info.duration <= options.short_clip;
  if (info.is_picture || is_short || options.fps <= 0) return;
  interval_ = 1 / options.fps;
  if (options.least_frames > 0 && info.duration > 0 && options.steady_fps > 0) {
    longest_ = std::min(1 / options.steady_fps, info.duration / options.least_frames);
  }
}

bool FrameSampler::Due(double time) {
  if (interval_ <= 0) return true;
  if (time < due_ - kRounding) return false;
  // From the grid, not from this frame, so that the rate does not drift; after a pause anew.
  due_ = due_ + interval_ > time ? due_ + interval_ : time + interval_;
  return true;
}

bool FrameSampler::Moved(double time, const Image& view) {
  if (longest_ <= interval_) return true;
  Image grey(view.width, view.height, 1);
  cv::Mat target = ViewOf(grey);
  cv::cvtColor(ViewOf(view), target, cv::COLOR_RGB2GRAY);
  const bool moved = searched_.data.size() != grey.data.size() ||
                     time - searched_time_ + interval_ > longest_ + kRounding ||
                     LargestChange(ViewOf(searched_), ViewOf(grey)) > kMoved;
  if (moved) {
    searched_ = std::move(grey);
    searched_time_ = time;
  }
  return moved;
}

}  // namespace unmask
