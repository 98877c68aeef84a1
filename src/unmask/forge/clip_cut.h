#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <vector>

#include "unmask/media/frame_source.h"

namespace unmask {

// The part of a clip that goes into a data set.
struct ClipCut {
  double seconds = 0;  // from the start at most so many; 0: all
  int max_height = 0;  // higher frames are scaled down to so many pixels, to even sizes; 0: never

  void Validate() const;
};

// Opens a video and gives its frames cut and scaled. Every call gives the same frames, so real and
// forged copies start from the same pixels. Throws Error for pictures.
std::unique_ptr<FrameSource> OpenCut(const std::filesystem::path& path, const ClipCut& cut,
                                     int threads = 1);

// The frames of a cut clip, to be gone through several times: decoded once and kept where they fit
// into `memory` bytes, decoded anew each time where they do not.
class ClipFrames {
 public:
  ClipFrames(std::filesystem::path path, const ClipCut& cut, int64_t memory);

  const MediaInfo& info() const { return info_; }

  // Calls `use` for every frame in order.
  void ForEach(const std::function<void(int64_t index, double time, const Image& frame)>& use);

 private:
  struct Frame {
    int64_t index;
    double time;
    Image image;
  };
  const std::filesystem::path path_;
  const ClipCut cut_;
  const int64_t memory_;
  MediaInfo info_;
  bool kept_ = false;
  std::vector<Frame> frames_;
};

}  // namespace unmask
