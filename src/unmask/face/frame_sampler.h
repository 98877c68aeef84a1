#pragma once

#include "unmask/media/frame_source.h"
#include "unmask/media/image.h"

namespace unmask {

struct FrameSamplerOptions {
  double fps = 10;        // frames a second; 0: every one
  double short_clip = 3;  // clips of at most this many seconds are taken whole
  // Frames a second while next to nothing moves …
  double steady_fps = 10.0 / 3;
  // … but as many as this in the whole clip; 0, or an unknown length: always `fps`.
  int least_frames = 64;
};

// Chooses the frames to search for faces: at a steady rate by their times, whatever the frame rate,
// and fewer while the picture stays as it is. The choice depends on the frames alone.
class FrameSampler {
 public:
  FrameSampler(const MediaInfo& info, const FrameSamplerOptions& options);

  // Between frames that may be chosen, seconds; 0: every frame.
  double interval() const { return interval_; }

  // Whether the next frame, at `time` seconds, may be chosen. Then Moved() decides.
  bool Due(double time);

  // Whether the frame that is due is to be searched: something in it has moved since the last one
  // that was, or that was long ago. `view`: the frame, reduced to some 200 pixels.
  bool Moved(double time, const Image& view);

 private:
  double interval_ = 0;
  double longest_ = 0;  // between two that are searched; not above interval_: all
  double due_ = 0;
  double searched_time_ = 0;
  Image searched_;  // grey; the last one that was searched
};

}  // namespace unmask
