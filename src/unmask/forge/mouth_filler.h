#pragma once

#include <span>
#include <vector>

#include "unmask/forge/face_clip.h"

namespace unmask {

// How much a mouth that is opened to `wanted` (see MouthOpening()) lacks when the pixels are those
// of one opened to `shown`: 0 nothing … 1 all that lies between the lips.
double MouthLack(double shown, double wanted);

// Fills in what lies between the lips where they are opened wider than they were: a warp cannot
// show what was not seen. Teeth and tongue are taken from the patch whose mouth is open the most
// alike: of the target's own where one is open wide enough, otherwise of the source.
class MouthFiller {
 public:
  // `wanted`: the target's meshes after reenactment.
  MouthFiller(const FaceClip& target, const FaceClip& source,
              const std::vector<FaceMoment>& wanted);

  // Fills in the mouth of frame `index`. `face`: pixels of the area whose corner is at (left, top)
  // of the frame, already warped.
  void Fill(int64_t index, int left, int top, Image& face);

 private:
  const FaceClip& target_;
  const FaceClip& source_;
  const std::vector<FaceMoment>& wanted_;
  std::vector<int> own_, other_;
};

}  // namespace unmask
