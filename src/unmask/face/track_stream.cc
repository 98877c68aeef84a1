#include "unmask/face/track_stream.h"

#include <algorithm>
#include <chrono>
#include <future>
#include <memory>
#include <string>
#include <utility>

#include "unmask/base/error.h"
#include "unmask/face/face_follower.h"
#include "unmask/face/frame_sampler.h"
#include "unmask/face/frame_search.h"
#include "unmask/face/landmarks.h"
#include "unmask/face/shot_cut.h"
#include "unmask/face/track_builder.h"

namespace unmask {
namespace {

// Of the detections of a track, as many as this times the faces wanted are to choose from.
constexpr int kChoice = 2;

// Landmarks whose presence is lower than this part of what is asked for lie on no face at all.
constexpr double kUndecided = 0.2;

// Adds the time it lives to `seconds`.
class Stopwatch {
 public:
  explicit Stopwatch(double& seconds) : seconds_(seconds) {}
  ~Stopwatch() { seconds_ += std::chrono::duration<double>(Clock::now() - start_).count(); }
  Stopwatch(const Stopwatch&) = delete;
  Stopwatch& operator=(const Stopwatch&) = delete;

 private:
  using Clock = std::chrono::steady_clock;
  double& seconds_;
  Clock::time_point start_ = Clock::now();
};

}  // namespace

// Loaded side by side: that takes longer than many a clip. Landmarks have one thread, as decoding
// and searching go on beside them.
class FaceNetworks {
 public:
  explicit FaceNetworks(const FaceDetectorOptions& options)
      : loading_(
            std::async(std::launch::async, [] { return std::make_unique<FaceLandmarker>(1); })),
        detector(options),
        landmarker(loading_.get()) {}

 private:
  std::future<std::unique_ptr<FaceLandmarker>> loading_;

 public:
  FaceDetector detector;
  const std::unique_ptr<FaceLandmarker> landmarker;
};

std::shared_ptr<FaceNetworks> LoadFaceNetworks(const FaceDetectorOptions& options) {
  return std::make_shared<FaceNetworks>(options);
}

void TrackStreamOptions::Validate() const {
  detector.Validate();
  tracker.Validate();
  const auto check = [](bool good, const std::string& what) {
    if (!good) throw UsageError("faces: " + what);
  };
  check(alignment.size >= 16 && alignment.size <= 2048, "the crop must have 16 to 2048 pixels");
  check(alignment.scale >= 0.5 && alignment.scale <= 5, "the crop's scale must be in [0.5, 5]");
  check(detect_fps >= 0, "the detections per second must not be negative");
  check(steady_fps >= 0, "the detections per second of a steady picture must not be negative");
  check(short_clip >= 0, "the length of a short clip must not be negative");
  check(faces_per_track >= 0 && faces_per_track <= 1'000'000,
        "the faces per track must lie in 0 … 1000000");
  check(min_presence >= 0 && min_presence <= 1, "the presence must be in [0, 1]");
}

namespace {

FrameSamplerOptions SamplerOptions(const TrackStreamOptions& options) {
  return {.fps = options.detect_fps,
          .short_clip = options.short_clip,
          .steady_fps = options.steady_fps,
          .least_frames = kChoice * options.faces_per_track,
          .thorough = options.thorough};
}

// Of a track that lasts throughout; 0: not known.
double ExpectedCandidates(const MediaInfo& info, const TrackStreamOptions& options) {
  const double interval = FrameSampler(info, SamplerOptions(options)).steady_interval();
  if (interval <= 0) return 0;
  const double wanted = info.duration / interval;
  const auto frames = static_cast<double>(info.frame_count);  // fewer of a time lapse
  return frames > 0 ? std::min(wanted, frames) : wanted;
}

// A face, aligned where it was found by its landmarks.
struct FoundFace {
  Detection detection;
  std::optional<AlignedFace> aligned;
};

}  // namespace

struct TrackStream::Impl {
  std::shared_ptr<FaceNetworks> networks;
  TrackStreamOptions options;
  const CancelToken* cancel;
  std::function<void(double)> progress;
  int min_detections;
  IouTracker tracker;
  ShotCutDetector cuts;
  TrackBuilder builder;
  FaceFollower follower;
  // Faces cannot be followed: what was not searched is, up to the next frame that was.
  bool lost = false;
  size_t faces_seen = 0;  // in the last frame
  TrackStreamStats stats;
  bool finished = false;
  FrameSearch search;

  Impl(FrameSource& s, std::shared_ptr<FaceNetworks> n, const TrackStreamOptions& o,
       const CancelToken* c, std::function<void(double)> p)
      : networks(std::move(n)),
        options(o),
        cancel(c),
        progress(std::move(p)),
        min_detections(s.info().is_picture ? 1 : o.tracker.min_detections),
        tracker(o.tracker),
        builder(o.faces_per_track, min_detections, ExpectedCandidates(s.info(), o)),
        search(s, networks->detector, SamplerOptions(o), o.detector, c) {}

  void CheckCancelled() const {
    if (cancel != nullptr) cancel->Check();
  }

  std::optional<ChosenFrame> NextFrame() {
    const Stopwatch watch(stats.judge_wait_seconds);
    return search.Next();
  }

  void Process(const ChosenFrame& frame);
  std::vector<FoundFace> FacesOf(const ChosenFrame& frame, bool is_cut);
  bool FollowFaces(const ChosenFrame& frame, std::vector<FoundFace>& found);
  std::optional<AlignedFace> AlignFace(const ChosenFrame& frame, const Detection& detection);
  void AddFace(const ChosenFrame& frame, FoundFace found, int track);
  void EndTracks(int minimum);
};

// The face with its landmarks and its crop, unless the landmarks say that it is none.
std::optional<AlignedFace> TrackStream::Impl::AlignFace(const ChosenFrame& frame,
                                                        const Detection& detection) {
  Face face;
  {
    const Stopwatch watch(stats.landmark_seconds);
    const FivePoints rough = {detection.right_eye, detection.left_eye, detection.nose,
                              detection.mouth, detection.mouth};
    frame.frame->Foresee(ExpectedPart(*frame.frame, rough, options.alignment));
    face = networks->landmarker->Locate(*frame.frame, detection);
  }
  if (face.presence < options.min_presence) {
    // Not by far: it may be seen better in the next frame.
    if (face.presence >= kUndecided * options.min_presence) lost = true;
    return std::nullopt;
  }
  face.frame = frame.index;
  face.time = frame.time;
  const Stopwatch watch(stats.align_seconds);
  return Align(*frame.frame, std::move(face), options.alignment);
}

void TrackStream::Impl::EndTracks(int minimum) {
  for (const int track : tracker.TakeEnded()) builder.End(track, minimum);
}

void TrackStream::Impl::Process(const ChosenFrame& frame) {
  stats.frames_decoded = frame.frames_decoded;
  stats.corrupt_frames = frame.corrupt_frames;
  stats.other_videos = frame.other_videos;
  stats.decode_seconds = frame.decode_seconds;
  stats.decode_wait_seconds = frame.decode_wait_seconds;
  stats.detect_seconds += frame.detect_seconds;
  if (!frame.frame) return;
  const bool is_cut = cuts.Update(DetectorView(*frame.frame));
  if (is_cut) {
    ++stats.shot_cuts;
    tracker.EndAll();
  }
  std::vector<FoundFace> found = FacesOf(frame, is_cut);
  std::vector<Box> boxes;
  for (const FoundFace& face : found) boxes.push_back(face.detection.box);
  const std::vector<int> tracks = tracker.Update(frame.time, boxes);
  EndTracks(min_detections);
  if (tracks.size() < faces_seen) lost = true;  // the detector may have missed one
  faces_seen = tracks.size();
  for (size_t i = 0; i < tracks.size(); ++i) AddFace(frame, std::move(found[i]), tracks[i]);
  if (progress) progress(frame.time);
}

std::vector<FoundFace> TrackStream::Impl::FacesOf(const ChosenFrame& frame, bool is_cut) {
  std::vector<FoundFace> found;
  if (frame.searched) {
    lost = false;
  } else if (!lost && !is_cut && FollowFaces(frame, found)) {
    ++stats.frames_followed;
    return found;
  } else {
    lost = true;
  }
  ++stats.frames_searched;
  follower.Begin();
  const Stopwatch watch(stats.detect_seconds);
  const std::vector<Detection>& detections =
      frame.searched ? frame.detections : networks->detector.Detect(*frame.frame, options.detector);
  for (const Detection& detection : detections) found.push_back({detection, std::nullopt});
  return found;
}

// False where one of the faces is lost.
bool TrackStream::Impl::FollowFaces(const ChosenFrame& frame, std::vector<FoundFace>& found) {
  std::vector<AlignedFace> faces;  // aligned one by one, while their part of the frame is at hand
  std::vector<FivePoints> points;
  for (const Detection& detection : follower.Expected()) {
    std::optional<AlignedFace> aligned = AlignFace(frame, detection);
    if (!aligned) return false;
    points.push_back(aligned->face.points);
    faces.push_back(std::move(*aligned));
  }
  if (!follower.Follow(points)) return false;
  const std::vector<Detection> moved = follower.Expected();
  for (size_t i = 0; i < moved.size(); ++i) found.push_back({moved[i], std::move(faces[i])});
  return true;
}

// Only the faces that are wanted need landmarks and a crop.
void TrackStream::Impl::AddFace(const ChosenFrame& frame, FoundFace found, int track) {
  const Detection& detection = found.detection;
  const bool is_followed = found.aligned.has_value();
  if (!is_followed && builder.Wants(track, frame.candidate)) {
    found.aligned = AlignFace(frame, detection);
    if (!found.aligned) {
      ++stats.faces_rejected;
      return;
    }
    follower.Add(detection, found.aligned->face.points);
  }
  ++stats.faces_found;
  builder.Add(track, {frame.index, frame.time, detection.box, !is_followed}, frame.candidate,
              std::move(found.aligned));
  // One who is seen for a moment must be detected as often as others.
  if (!builder.IsConfirmed(track)) lost = true;
}

TrackStream::TrackStream(FrameSource& source, std::shared_ptr<FaceNetworks> networks,
                         const TrackStreamOptions& options, const CancelToken* cancel,
                         std::function<void(double)> progress) {
  options.Validate();
  if (!networks) throw Error("faces: the networks are not loaded");
  impl_ = std::make_unique<Impl>(source, std::move(networks), options, cancel, std::move(progress));
}

TrackStream::~TrackStream() = default;

std::optional<TrackPart> TrackStream::Next() {
  while (true) {
    if (std::optional<TrackPart> part = impl_->builder.Take()) return part;
    if (impl_->finished) return std::nullopt;
    impl_->CheckCancelled();
    if (const std::optional<ChosenFrame> frame = impl_->NextFrame()) {
      impl_->Process(*frame);
      continue;
    }
    impl_->finished = true;
    impl_->tracker.EndAll();
    // A video of a single frame has no longer tracks to offer.
    impl_->EndTracks(static_cast<int>(std::min<int64_t>(
        impl_->min_detections, std::max<int64_t>(1, impl_->stats.frames_searched))));
  }
}

const TrackStreamStats& TrackStream::stats() const { return impl_->stats; }

}  // namespace unmask
