#pragma once

#include <span>
#include <vector>

#include "unmask/face/detector.h"
#include "unmask/face/face.h"

namespace unmask {

// Carries the faces of a frame that was searched to the frames behind it: each is expected where
// the landmarks of the last frame lie, and the landmarks found there say whether it is (as
// MediaPipe's pipelines follow faces).
class FaceFollower {
 public:
  // A frame is searched: what was followed is forgotten.
  void Begin() { followed_.clear(); }

  // A face that was found in the frame that is searched, and its landmarks there.
  void Add(const Detection& detection, const FivePoints& points);

  // What the detector is expected to find in the next frame, in the order of Add().
  std::vector<Detection> Expected() const;

  // The landmarks in the next frame, of each face that was expected there. False where one has
  // moved so far, or two so close together, that the frame must be searched; nothing changes then.
  bool Follow(std::span<const FivePoints> points);

 private:
  struct Followed {
    Detection found;          // in the frame that was searched
    FivePoints found_points;  // there
    Detection last;
  };
  std::vector<Followed> followed_;
};

}  // namespace unmask
