#pragma once

#include <vector>

#include "unmask/forge/face_clip.h"

namespace unmask {

// Which parts of the face take over another's expression, each 0 … 1.
struct ExpressionParts {
  double mouth = 1;  // with the jaw
  double brows = 0;
  double eyes = 0;
};

// The target's meshes with the expressions of the source clip: where the source's landmarks differ
// from that face at rest, the target's differ as much from theirs. Pose, place and the
// shape of the target's face stay. The source runs forth and back where it is shorter, at its own
// speed. Empty where the target has no face; the target's own meshes when the source has none.
//
// Both are compared in the frame of the canonical mesh, into which points that no expression moves
// are fitted (affine).
std::vector<FaceMoment> Reenact(const FaceClip& target, const FaceClip& source,
                                const ExpressionParts& parts);

}  // namespace unmask
