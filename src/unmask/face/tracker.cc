#include "unmask/face/tracker.h"

#include <algorithm>
#include <string>
#include <utility>

#include "unmask/base/error.h"
#include "unmask/face/assignment.h"

namespace unmask {
namespace {

// Motion is not trusted for longer than this, nor for more than half a face.
constexpr double kHorizon = 0.3;   // seconds
constexpr double kFarthest = 0.5;  // of the box

Box Shifted(const Box& box, double dx, double dy) {
  const auto x = static_cast<float>(dx);
  const auto y = static_cast<float>(dy);
  return {box.x0 + x, box.y0 + y, box.x1 + x, box.y1 + y};
}

}  // namespace

void TrackerOptions::Validate() const {
  const auto check = [](bool good, const std::string& what) {
    if (!good) throw UsageError("tracker: " + what);
  };
  check(min_iou > 0 && min_iou <= 1, "the overlap (IoU) must be in (0, 1]");
  check(max_gap >= 0, "the longest gap must not be negative");
  check(min_detections >= 1, "a track needs at least one detection");
}

Box IouTracker::Track::ExpectedAt(double when) const {
  const double ahead = std::min(when - time, kHorizon);
  const double width = kFarthest * box.width();
  const double height = kFarthest * box.height();
  return Shifted(box, std::clamp(dx * ahead, -width, width),
                 std::clamp(dy * ahead, -height, height));
}

void IouTracker::Track::MoveTo(double when, const Box& to) {
  const double passed = when - time;
  if (passed > 0) {
    const double x = (to.x0 + to.x1 - box.x0 - box.x1) / 2 / passed;
    const double y = (to.y0 + to.y1 - box.y0 - box.y1) / 2 / passed;
    dx = (dx + x) / 2;  // half of the old: one jittering box does not throw the track off
    dy = (dy + y) / 2;
  }
  box = to;
  time = when;
}

IouTracker::IouTracker(const TrackerOptions& options) : options_(options) { options_.Validate(); }

std::vector<int> IouTracker::Update(double time, const std::vector<Box>& boxes) {
  // Where frames lie further apart than the gap, a track still gets its chance in the next one.
  const double gap = std::max(options_.max_gap, time - last_time_) + 1e-9;
  last_time_ = time;
  std::erase_if(tracks_, [&](const Track& track) {
    const bool lost = time - track.time > gap;
    if (lost) ended_.push_back(track.id);
    return lost;
  });
  std::vector<int> ids(boxes.size());
  const size_t known = tracks_.size();
  Match(time, boxes, known, true, ids);
  // Who turned round suddenly is not where the motion led, but still where the last box was.
  Match(time, boxes, known, false, ids);
  for (size_t i = 0; i < boxes.size(); ++i) {
    if (ids[i] != 0) continue;
    ids[i] = next_id_++;
    tracks_.push_back({ids[i], boxes[i], time});
  }
  return ids;
}

void IouTracker::Match(double time, const std::vector<Box>& boxes, size_t known, bool expected,
                       std::vector<int>& ids) {
  std::vector<std::vector<double>> weights(boxes.size(), std::vector<double>(known));
  for (size_t i = 0; i < boxes.size(); ++i) {
    for (size_t j = 0; j < known; ++j) {
      const Track& track = tracks_[j];
      if (ids[i] != 0 || std::find(ids.begin(), ids.end(), track.id) != ids.end()) continue;
      const double iou =
          IntersectionOverUnion(boxes[i], expected ? track.ExpectedAt(time) : track.box);
      weights[i][j] = iou >= options_.min_iou ? iou : 0;
    }
  }
  const std::vector<int> track_of = MaximalAssignment(weights);
  for (size_t i = 0; i < boxes.size(); ++i) {
    if (track_of[i] < 0) continue;
    tracks_[track_of[i]].MoveTo(time, boxes[i]);
    ids[i] = tracks_[track_of[i]].id;
  }
}

std::vector<int> IouTracker::TakeEnded() { return std::exchange(ended_, {}); }

void IouTracker::EndAll() {
  for (const Track& track : tracks_) ended_.push_back(track.id);
  tracks_.clear();
}

}  // namespace unmask
