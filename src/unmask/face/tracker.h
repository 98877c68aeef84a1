#pragma once

#include <cstdint>
#include <vector>

#include "unmask/face/face.h"

namespace unmask {

struct TrackerOptions {
  double min_iou = 0.3;  // a face continues a track whose last box overlaps at least this much
  // Seconds without a detection after which a track ends; at least the time between two frames.
  double max_gap = 0.5;
  int min_detections = 2;  // shorter tracks are noise (pictures are exempt)

  void Validate() const;
};

// Links boxes of successive frames to tracks: maximal total IoU (optimal assignment), frame by
// frame. A track is expected where its recent motion leads, so that people who pass each other
// keep their numbers.
class IouTracker {
 public:
  explicit IouTracker(const TrackerOptions& options = {});

  // The track of each box in the frame at `time` seconds; new tracks get new numbers, from 1.
  std::vector<int> Update(double time, const std::vector<Box>& boxes);

  // Tracks that have ended since the last call: not seen for `max_gap`, or cut.
  std::vector<int> TakeEnded();

  // A shot cut or the end of the media: every track ends.
  void EndAll();

 private:
  struct Track {
    int id;
    Box box;
    double time;
    double dx = 0;  // motion of the box's centre, pixels a second
    double dy = 0;

    Box ExpectedAt(double when) const;
    void MoveTo(double when, const Box& to);
  };
  // Assigns the boxes without a number among the first `known` tracks that are free, by where each
  // is expected or by where it was.
  void Match(double time, const std::vector<Box>& boxes, size_t known, bool expected,
             std::vector<int>& ids);

  TrackerOptions options_;
  std::vector<Track> tracks_;
  std::vector<int> ended_;
  int next_id_ = 1;
  double last_time_ = 0;
};

}  // namespace unmask
