#pragma once

#include <cstdint>

#include "unmask/media/frame_source.h"
#include "unmask/media/image.h"

namespace unmask {

struct FrameSamplerOptions {
  double fps = 10;        // frames a second; 0: every one
  double short_clip = 3;  // clips of at most this many seconds are taken whole
  // Frames a second that are searched whatever happens, and whose faces may be judged …
  double steady_fps = 10.0 / 3;
  // … but as many as this in the whole clip, and `fps` where its length is not known. 0: the rate
  // is as said, and the faces of all frames that are due may be judged.
  int least_frames = 64;
  bool thorough = false;  // also the others while nothing moves; see MovementFilter
};

// Chooses frames by their times, whatever the frame rate: those to search for faces at a steady
// rate, and others between them that are searched where something moves, see MovementFilter.
class FrameSampler {
 public:
  FrameSampler(const MediaInfo& info, const FrameSamplerOptions& options);

  // Between frames that may be chosen, seconds; 0: every frame.
  double interval() const { return interval_; }

  // Whether the next frame, number `index` at `time` seconds, may be chosen. One also where many
  // have passed while time stood still: time stamps may be damaged, or made up to hide frames.
  bool Due(double time, int64_t index);

  // Between frames at the steady rate, seconds; 0: every frame.
  double steady_interval() const { return steady_interval_; }

  // Whether the frame that is due is one of those at the steady rate.
  bool steady() const { return steady_; }

  // Whether the faces of the frame that is due may be judged.
  bool candidate() const { return steady_ || all_are_candidates_; }

 private:
  double interval_ = 0;
  double steady_interval_ = 0;  // a multiple of interval_
  double due_ = 0;
  double steady_due_ = 0;
  int64_t most_passed_ = 0;  // frames between two that are due, whatever their times
  int64_t last_due_ = -1;    // number of a frame
  bool steady_ = true;
  bool all_are_candidates_ = false;
};

// Chooses among the frames that a sampler finds due: those at the steady rate, and where something
// moves the others, so that nobody is lost; where a good part of the picture changes, as at a cut,
// the next one too, as who is seen once is taken for noise. The choice depends on the frames alone.
class MovementFilter {
 public:
  // `options`: those of the sampler.
  MovementFilter(const FrameSampler& sampler, const FrameSamplerOptions& options);

  // Whether all frames that are due are wanted, whatever is in them.
  bool all() const { return all_; }

  // Whether the next frame that is due is to be searched: it is `steady`, or something in it has
  // moved since the last one that was searched. `view`: the frame, reduced to some 200 pixels.
  bool Wanted(const Image& view, bool steady);

 private:
  bool all_;
  bool changed_ = false;  // a good part, with the last one that was searched
  Image searched_;        // that one, grey
};

}  // namespace unmask
