#pragma once

#include <cstdint>

#include "unmask/media/frame_source.h"
#include "unmask/media/image.h"

namespace unmask {

struct FrameSamplerOptions {
  double fps = 10;        // frames a second; 0: every one
  double short_clip = 3;  // clips of at most this many seconds are taken whole
  // Frames a second whatever happens, whose faces may be judged …
  double steady_fps = 10.0 / 3;
  // … but as many as this in the whole clip; 0, or an unknown length: always `fps`.
  int least_frames = 64;
  bool thorough = false;  // also the others while nothing moves
};

// Chooses the frames to search for faces: at a steady rate by their times, whatever the frame rate,
// and others between them where something moves, so that nobody is lost. The choice depends on the
// frames alone, and that of the steady ones not even on those.
class FrameSampler {
 public:
  FrameSampler(const MediaInfo& info, const FrameSamplerOptions& options);

  // Between frames that may be chosen, seconds; 0: every frame.
  double interval() const { return interval_; }

  // Whether the next frame, at `time` seconds, may be chosen. Then Wanted() decides.
  bool Due(double time);

  // Whether the frame that is due is one of those at the steady rate.
  bool steady() const { return due_count_ % every_ == 1 % every_; }

  // Whether the frame that is due is to be searched: it is one at the steady rate, or something in
  // it has moved since the last one that was searched. `view`: the frame, reduced to some 200
  // pixels.
  bool Wanted(const Image& view);

 private:
  double interval_ = 0;
  int64_t every_ = 1;  // of those that are due one is steady
  bool thorough_ = false;
  double due_ = 0;
  int64_t due_count_ = 0;
  Image searched_;  // grey; the last one that was searched
};

}  // namespace unmask
