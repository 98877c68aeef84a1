#pragma once

#include <memory>
#include <vector>

#include "unmask/media/frame_source.h"

namespace unmask {

// Frames that are in memory already, all of one size.
struct FrameSequence {
  std::vector<Image> images;
  std::vector<double> times;  // seconds, one an image; never decreasing
  double frames_per_second = 25;
  bool is_picture = false;  // then there is one image

  // Throws Error for no images, images of several sizes or without three channels, and other than
  // one time an image.
  void Validate() const;
};

// Reads `frames`, which must outlive the source, as a file's would be read. Throws as Validate()
// does.
std::unique_ptr<FrameSource> OpenFrames(const FrameSequence& frames);

}  // namespace unmask
