#include "unmask/face/landmarks.h"

#include <algorithm>
#include <cmath>
#include <string>

#include "unmask/base/error.h"
#include "unmask/base/paths.h"
#include "unmask/face/alignment.h"
#include "unmask/infer/session.h"

namespace unmask {
namespace {

constexpr int kInput = 192;         // pixels, square
constexpr double kCropScale = 1.5;  // crop side ÷ longer side of the detector's box

// Indices of MediaPipe's face mesh.
constexpr int kRightEye[] = {33,  7,   163, 144, 145, 153, 154, 155,
                             133, 173, 157, 158, 159, 160, 161, 246};
constexpr int kLeftEye[] = {263, 249, 390, 373, 374, 380, 381, 382,
                            362, 398, 384, 385, 386, 387, 388, 466};
constexpr int kNoseTip = 4;
constexpr int kRightMouthCorner = 61;
constexpr int kLeftMouthCorner = 291;

Point MeanOf(std::span<const Point> mesh, std::span<const int> indices) {
  Point sum;
  for (const int i : indices) {
    sum.x += mesh[i].x;
    sum.y += mesh[i].y;
  }
  return {sum.x / static_cast<float>(indices.size()), sum.y / static_cast<float>(indices.size())};
}

// The square around the detection, turned so that the eyes are level, filling the network's input.
Similarity InputFromFrame(const Detection& d) {
  const double side = kCropScale * std::max(d.box.width(), d.box.height());
  const double angle = std::atan2(d.left_eye.y - d.right_eye.y, d.left_eye.x - d.right_eye.x);
  const double scale = kInput / side;
  Similarity t;
  t.a = scale * std::cos(angle);
  t.b = -scale * std::sin(angle);
  const double x = (d.box.x0 + d.box.x1) / 2.0;
  const double y = (d.box.y0 + d.box.y1) / 2.0;
  t.tx = kInput / 2.0 - (t.a * x - t.b * y);
  t.ty = kInput / 2.0 - (t.b * x + t.a * y);
  return t;
}

Box BoxAround(std::span<const Point> points) {
  Box box{points[0].x, points[0].y, points[0].x, points[0].y};
  for (const Point& p : points) {
    box.x0 = std::min(box.x0, p.x);
    box.y0 = std::min(box.y0, p.y);
    box.x1 = std::max(box.x1, p.x);
    box.y1 = std::max(box.y1, p.y);
  }
  return box;
}

}  // namespace

std::span<const int> RightEyeOutline() { return kRightEye; }
std::span<const int> LeftEyeOutline() { return kLeftEye; }

FivePoints FivePointsOfMesh(std::span<const Point> mesh) {
  if (mesh.size() != kMeshSize) {
    throw Error("a face mesh has " + std::to_string(kMeshSize) + " points, not " +
                std::to_string(mesh.size()));
  }
  return {MeanOf(mesh, kRightEye), MeanOf(mesh, kLeftEye), mesh[kNoseTip], mesh[kRightMouthCorner],
          mesh[kLeftMouthCorner]};
}

struct FaceLandmarker::Impl {
  Session session;
  std::vector<float> input = std::vector<float>(kInput * kInput * 3);

  explicit Impl(int threads)
      : session(FindAsset("networks/face_landmark.tflite"), {.threads = threads}) {}

  Face Locate(const Frame& frame, const Detection& detection);
};

Face FaceLandmarker::Impl::Locate(const Frame& frame, const Detection& detection) {
  const Similarity input_from_frame = InputFromFrame(detection);
  const Image crop = WarpCrop(frame, input_from_frame, kInput, Antialiasing::kLight);
  std::transform(crop.data.begin(), crop.data.end(), input.begin(),
                 [](uint8_t v) { return static_cast<float>(v) / 255.0f; });
  std::span<const float> values, logit;
  for (const TensorView& view : session.Run(input, {1, kInput, kInput, 3})) {
    if (view.values.size() == 3 * kMeshSize) values = view.values;
    if (view.values.size() == 1) logit = view.values;
  }
  if (values.empty() || logit.empty()) {
    throw Error("the face landmark network has other outputs than expected",
                "Run ./setup to fetch it again.");
  }
  Face face;
  face.confidence = detection.confidence;
  face.presence = 1 / (1 + std::exp(-logit[0]));
  const Similarity frame_from_input = input_from_frame.Inverse();
  face.mesh.resize(kMeshSize);
  for (int i = 0; i < kMeshSize; ++i) {
    face.mesh[i] = frame_from_input({values[3 * i], values[3 * i + 1]});
  }
  face.box = BoxAround(face.mesh);
  face.points = FivePointsOfMesh(face.mesh);
  return face;
}

FaceLandmarker::FaceLandmarker(int threads) : impl_(std::make_unique<Impl>(threads)) {}
FaceLandmarker::~FaceLandmarker() = default;

std::vector<Face> FaceLandmarker::Locate(const Image& frame,
                                         std::span<const Detection> detections) {
  const std::unique_ptr<Frame> view = FrameOf(frame);
  std::vector<Face> faces;
  faces.reserve(detections.size());
  for (const Detection& d : detections) faces.push_back(impl_->Locate(*view, d));
  return faces;
}

Face FaceLandmarker::Locate(const Frame& frame, const Detection& detection) {
  return impl_->Locate(frame, detection);
}

}  // namespace unmask
