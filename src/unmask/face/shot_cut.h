#pragma once

#include <array>
#include <optional>
#include <vector>

#include "unmask/media/image.h"

namespace unmask {

// Finds hard cuts between successive frames (at most some tenths of a second apart).
//
// Two things are compared on a thumbnail: where light and dark lie (normalised correlation, which
// a flash or an exposure change leaves high) and which colours there are (histogram, which motion
// leaves alike). Only where both differ is there a cut. Frames of one colour are passed over: what
// follows is compared with what came before them. A jump within one scene (the same person before
// the same wall) is no cut; a pan by more than a tenth of the width between two frames may be one.
class ShotCutDetector {
 public:
  // True when `frame`, of any size, begins a new shot. The first frame does not.
  bool Update(const Image& frame);

  // How different the last frame was from the one before, 0 (the same) … 1; for tuning.
  double difference() const { return difference_; }

 private:
  struct Thumbnail {
    std::vector<float> grey;      // mean 0, length 1
    std::array<float, 512> bins;  // shares of 8 × 8 × 8 colours
    bool flat = false;
  };
  static Thumbnail ThumbnailOf(const Image& frame);
  static double Difference(const Thumbnail& a, const Thumbnail& b);

  std::optional<Thumbnail> last_;
  double difference_ = 0;
};

}  // namespace unmask
