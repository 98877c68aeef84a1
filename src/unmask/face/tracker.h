#pragma once

#include <cstdint>
#include <vector>

#include "unmask/face/face.h"

namespace unmask {

struct TrackerOptions {
  double min_iou = 0.3;    // a face continues a track whose last box overlaps at least this much
  double max_gap = 0.5;    // seconds without a detection after which a track ends
  int min_detections = 2;  // shorter tracks are noise (pictures are exempt)

  void Validate() const;
};

// Links boxes of successive frames to tracks: maximal total IoU (optimal assignment), frame by
// frame.
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
  };
  TrackerOptions options_;
  std::vector<Track> tracks_;
  std::vector<int> ended_;
  int next_id_ = 1;
};

}  // namespace unmask
