#pragma once

#include <filesystem>
#include <memory>
#include <vector>

#include "unmask/face/face.h"
#include "unmask/media/frame.h"

namespace unmask {

struct FaceDetectorOptions {
  double min_confidence = 0.5;
  double nms_iou = 0.3;  // boxes that overlap more are one face
  // Also searches overlapping square tiles where the frame is so large that faces of
  // `smallest_face` pixels (height) would be lost in the letterboxed full frame. Costs one run of
  // the network per tile: for 40 px 3 at 640 × 480, 13 at 720p, 22 at 1080p, 67 at 2160p.
  bool small_faces = false;
  double smallest_face = 40;
  int threads = 0;  // see FrameSearch; 0: one per core

  void Validate() const;
};

struct Detection {
  Box box;
  float confidence = 0;
  Point right_eye;  // the person's right: on the image's left
  Point left_eye;
  Point nose;
  Point mouth;
};

// The frame as the detector looks at it: reduced, where it is larger, so that its longer side has
// 192 pixels. Costs nothing where a detector has looked at the frame already or will do so.
const Image& DetectorView(const Frame& frame);

// MediaPipe's full-range face detector (192 × 192). Thread-safe; a search takes one thread.
class FaceDetector {
 public:
  explicit FaceDetector(const FaceDetectorOptions& options = {});
  ~FaceDetector();

  // Faces in a frame, the most confident first.
  std::vector<Detection> Detect(const Image& frame);

  // The same with other options than the constructor's; `threads` has no effect here.
  std::vector<Detection> Detect(const Image& frame, const FaceDetectorOptions& options);
  std::vector<Detection> Detect(const Frame& frame, const FaceDetectorOptions& options);

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace unmask
