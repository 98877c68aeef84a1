#pragma once

#include <span>

#include "unmask/base/random.h"
#include "unmask/face/face.h"
#include "unmask/media/image.h"

namespace unmask {

// Which part of the face a mask covers.
enum class FaceRegion {
  kWhole,         // hull of the mesh
  kBelowBrow,     // from the brows down
  kLowerHalf,     // from the middle of the nose down
  kCentre,        // eyes, nose and mouth, without cheeks and jaw
  kWithForehead,  // the hull, and above it as much of the forehead as the mesh leaves out
  kEyesAndNose,
  kMouth,  // with the skin around it
};
inline constexpr int kFaceRegions = 7;

// The hull of the region's landmarks: a `width` × `height` grey picture, 255 inside. `mesh`:
// kMeshSize landmarks in its pixels; may lie partly outside.
Image FaceMask(std::span<const Point> mesh, FaceRegion region, int width, int height);

// A region at random, the larger ones more often.
FaceRegion DrawRegion(Random& random);

// Makes an outline vary and fade: elastic displacement, a Gaussian cut off at some level, which
// draws the outline in more often than out, and another Gaussian; all relative to the size of what
// `mask` covers; `sharpest` is the least standard deviation of the last Gaussian. Returns weights
// 0 … 255.
Image SoftenMask(const Image& mask, Random& random, double sharpest = 0.008);

}  // namespace unmask
