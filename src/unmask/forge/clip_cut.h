#pragma once

#include <filesystem>
#include <memory>

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

}  // namespace unmask
