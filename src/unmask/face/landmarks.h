#pragma once

#include <memory>
#include <span>
#include <vector>

#include "unmask/face/detector.h"
#include "unmask/face/face.h"
#include "unmask/media/frame.h"

namespace unmask {

// MediaPipe's face mesh: 468 landmarks and the probability that there is a face at all.
class FaceLandmarker {
 public:
  explicit FaceLandmarker(int threads = 0);
  ~FaceLandmarker();

  // Landmarks of each detection in `frame`, with `box`, `points`, `mesh`, `confidence` and
  // `presence` filled; `frame` and `time` of Face are the caller's to set.
  std::vector<Face> Locate(const Image& frame, std::span<const Detection> detections);
  Face Locate(const Frame& frame, const Detection& detection);

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

// Landmarks of the mesh around the eyes, closed; "right" is the person's, the image's left.
std::span<const int> RightEyeOutline();
std::span<const int> LeftEyeOutline();

// The five alignment points of a mesh.
FivePoints FivePointsOfMesh(std::span<const Point> mesh);

}  // namespace unmask
