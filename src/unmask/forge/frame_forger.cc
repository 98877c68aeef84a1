#include "unmask/forge/frame_forger.h"

#include <algorithm>
#include <cmath>
#include <opencv2/imgproc.hpp>
#include <optional>
#include <utility>

#include "unmask/base/error.h"
#include "unmask/base/text.h"
#include "unmask/forge/registry.h"
#include "unmask/media/opencv_view.h"

namespace unmask {
namespace {

constexpr double kCropScale = 1.7;  // wide enough for the whole mask and its soft edge
constexpr int kLargestCrop = 1024;  // pixels; larger faces are forged at this resolution

// Adds the difference between `fake` and `crop` to the frame, so that untouched pixels stay.
void PutBack(const Image& crop, const Image& fake, const Similarity& frame_from_crop,
             Image& frame) {
  cv::Mat difference;
  cv::subtract(ViewOf(fake), ViewOf(crop), difference, cv::noArray(), CV_32FC3);
  const Similarity& t = frame_from_crop;
  const float size = static_cast<float>(crop.width);
  std::vector<cv::Point2f> corners;
  for (const Point p : {Point{0, 0}, Point{size, 0}, Point{0, size}, Point{size, size}}) {
    const Point q = t(p);
    corners.emplace_back(q.x, q.y);
  }
  const cv::Rect area = cv::boundingRect(corners) & cv::Rect(0, 0, frame.width, frame.height);
  if (area.empty()) return;
  // OpenCV counts from pixel centres, our transforms from corners: shift by half a pixel twice.
  const double half_x = t.a * 0.5 - t.b * 0.5 + t.tx - 0.5 - area.x;
  const double half_y = t.b * 0.5 + t.a * 0.5 + t.ty - 0.5 - area.y;
  const cv::Matx23d matrix(t.a, -t.b, half_x, t.b, t.a, half_y);
  cv::Mat warped;
  cv::warpAffine(difference, warped, matrix, area.size(), cv::INTER_LINEAR, cv::BORDER_CONSTANT);
  cv::Mat region = ViewOf(frame)(area);
  cv::add(region, warped, region, cv::noArray(), CV_8UC3);
}

}  // namespace

FacesByFrame FindFacesByFrame(FrameSource& source, const std::shared_ptr<FaceNetworks>& networks,
                              const CancelToken* cancel, std::function<void(double)> progress,
                              const FaceDetectorOptions& search) {
  TrackStreamOptions stream_options;
  stream_options.detector = search;
  stream_options.detect_fps = 0;
  stream_options.faces_per_track = 0;
  stream_options.alignment.size = 32;  // the crops are not used
  TrackStream stream(source, networks, stream_options, cancel, std::move(progress));
  FacesByFrame faces;
  while (std::optional<TrackPart> part = stream.Next()) {
    for (AlignedFace& aligned : part->faces) {
      faces[aligned.face.frame].push_back(
          {part->track, aligned.face.points, std::move(aligned.face.mesh)});
    }
  }
  return faces;
}

FrameForger::FrameForger(const std::string& forgery, uint64_t seed)
    : forgery_(FindForgery(forgery)), seed_(seed) {
  if (forgery_.means != nullptr) forgery_.means();  // missing, it is said before anything is read
  if (!forgery_.needs_other_face) return;
  std::vector<std::string> others;
  for (const Forgery& row : Forgeries()) {
    if (!row.needs_other_face) others.emplace_back(row.name);
  }
  throw UsageError("the forgery " + forgery +
                       " needs another person's face, which a clip by itself does not offer",
                   "Take one of: " + Join(others, ", ") +
                       "; or swap faces between clips with `unmask forge dataset`");
}

void FrameForger::Forge(const TrackedFace& face, Image& frame) const {
  // At the face's own resolution: one pixel of the crop is about one of the frame.
  const double unit = CropFromFrame(face.points, {.size = 100, .scale = kCropScale}).scale();
  const int size = std::clamp(static_cast<int>(std::lround(100 / unit)), 32, kLargestCrop);
  const Similarity crop_from_frame =
      CropFromFrame(face.points, {.size = size, .scale = kCropScale});
  FaceCrop crop{WarpCrop(frame, crop_from_frame, size), {}};
  for (const Point& p : face.mesh) crop.mesh.push_back(crop_from_frame(p));
  Random random(DeriveSeed(seed_, "track", static_cast<uint64_t>(face.track)));
  const RealAndFake pair = forgery_.forge({.face = crop, .change_target = false}, random);
  PutBack(crop.image, pair.fake, crop_from_frame.Inverse(), frame);
}

}  // namespace unmask
