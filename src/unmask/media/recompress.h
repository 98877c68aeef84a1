#pragma once

#include "unmask/media/image.h"

namespace unmask {

struct RecompressOptions {
  int crf = 23;    // of x264: 0 (lossless) … 51
  int frames = 1;  // 1: a keyframe; more: the last frame of a clip that is predicted from the first
  int motion_x = 0;  // pixels a frame by which the picture moves, −8 … 8
  int motion_y = 0;
  int phase_x = 0;  // pixels between the edge of the blocks and that of the picture, 0 … 15
  int phase_y = 0;
};

// What H.264 leaves of a colour picture: encodes it in memory as a short clip (x264, preset
// "medium", no B-frames) in which it drifts into place, and returns the last frame. The same
// arguments give the same result. Throws UsageError for values outside their ranges, Error where
// FFmpeg has no x264.
Image RecompressH264(const Image& image, const RecompressOptions& options);

}  // namespace unmask
