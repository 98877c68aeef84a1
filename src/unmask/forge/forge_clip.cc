#include "unmask/forge/forge_clip.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <opencv2/imgproc.hpp>
#include <optional>
#include <utility>
#include <vector>

#include "unmask/base/error.h"
#include "unmask/base/text.h"
#include "unmask/face/track_stream.h"
#include "unmask/forge/registry.h"
#include "unmask/media/opencv_view.h"
#include "unmask/media/picture.h"
#include "unmask/media/video_writer.h"

namespace unmask {
namespace {

namespace fs = std::filesystem;

constexpr double kCropScale = 1.7;  // wide enough for the whole mask and its soft edge
constexpr int kLargestCrop = 1024;  // pixels; larger faces are forged at this resolution

struct FaceToForge {
  int track = 0;
  FivePoints points{};
  std::vector<Point> mesh;
};
using FacesByFrame = std::map<int64_t, std::vector<FaceToForge>>;

FacesByFrame FindFaces(FrameSource& source, const ForgeClipOptions& options,
                       const CancelToken* cancel, std::function<void(double)> progress) {
  TrackStreamOptions stream_options;
  stream_options.detector.threads = options.threads;
  stream_options.detect_fps = 0;
  stream_options.faces_per_track = 0;
  stream_options.alignment.size = 32;  // the crops are not used
  const auto networks = LoadFaceNetworks(stream_options.detector);
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

class ClipForger {
 public:
  explicit ClipForger(const ForgeClipOptions& options)
      : forgery_(FindForgery(options.forgery)), seed_(options.seed) {
    if (forgery_.means != nullptr) forgery_.means();  // missing, it is said before anything is read
    if (!forgery_.needs_other_face) return;
    std::vector<std::string> others;
    for (const Forgery& forgery : Forgeries()) {
      if (!forgery.needs_other_face) others.emplace_back(forgery.name);
    }
    throw UsageError("the forgery " + options.forgery +
                         " needs another person's face, which a clip by itself does not offer",
                     "Take one of: " + Join(others, ", ") +
                         "; or swap faces between clips with `unmask forge dataset`");
  }

  void Forge(const FaceToForge& face, Image& frame) const {
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

 private:
  const Forgery& forgery_;
  const uint64_t seed_;
};

void CheckOutput(const fs::path& input, const fs::path& output, bool is_picture) {
  std::error_code ignored;
  if (fs::equivalent(input, output, ignored)) {
    throw Error(output.string() + ": is the input itself", "Give another name for the copy");
  }
  if (is_picture != IsPicturePath(output)) {
    throw Error(output.string() + ": is " + (is_picture ? "not " : "") +
                    "the name of a picture, but the input is " + (is_picture ? "one" : "a video"),
                is_picture ? "End the name in .png or .jpg" : "End the name in .mp4 or .mkv");
  }
}

}  // namespace

ForgeClipResult ForgeClip(const fs::path& input, const fs::path& output,
                          const ForgeClipOptions& options, const CancelToken* cancel,
                          const std::function<void(double, double)>& progress) {
  const ClipForger forger(options);
  const MediaOptions media{.threads = options.threads};
  auto source = OpenMedia(input, media);
  const MediaInfo info = source->info();
  CheckOutput(input, output, info.is_picture);
  // Each of the two passes counts for half of the media.
  const auto report = [&](double done) {
    if (progress) progress(done / 2, info.duration);
  };
  const FacesByFrame faces = FindFaces(*source, options, cancel, report);
  if (faces.empty()) {
    throw Error(input.string() + ": no face was found, so there is nothing to forge",
                "Choose a clip in which a face is seen");
  }

  source = OpenMedia(input, media);
  std::optional<VideoWriter> writer;
  if (!info.is_picture) {
    VideoWriterOptions writing{.crf = options.crf, .audio_from = input};
    if (info.frames_per_second > 0) writing.frames_per_second = info.frames_per_second;
    writer.emplace(output, info.width, info.height, writing);
  }
  ForgeClipResult result;
  while (source->Grab()) {
    if (cancel != nullptr) cancel->Check();
    Image frame = source->Retrieve();
    ++result.frames;
    if (const auto found = faces.find(source->index()); found != faces.end()) {
      for (const FaceToForge& face : found->second) forger.Forge(face, frame);
      ++result.forged_frames;
      result.forged_faces += static_cast<int64_t>(found->second.size());
    }
    if (writer) {
      writer->Write(frame, source->time());
    } else {
      WritePicture(output, frame, options.quality);
    }
    report(info.duration + source->time());
  }
  if (writer) writer->Finish();
  return result;
}

}  // namespace unmask
