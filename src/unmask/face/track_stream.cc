#include "unmask/face/track_stream.h"

#include <algorithm>
#include <chrono>
#include <exception>
#include <string>
#include <thread>
#include <utility>

#include "unmask/base/bounded_queue.h"
#include "unmask/base/error.h"
#include "unmask/face/landmarks.h"
#include "unmask/face/shot_cut.h"
#include "unmask/face/track_builder.h"

namespace unmask {
namespace {

constexpr size_t kDecodeAhead = 4;  // frames

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

// Chooses frames at a steady rate by their times, whatever the frame rate.
class FrameSampler {
 public:
  FrameSampler(const MediaInfo& info, const TrackStreamOptions& options) {
    const bool is_short = info.duration > 0 && info.duration <= options.short_clip;
    every_frame_ = info.is_picture || is_short || options.detect_fps <= 0;
    interval_ = every_frame_ ? 0 : 1 / options.detect_fps;
  }

  bool Wants(double time) {
    if (every_frame_) return true;
    if (time < due_ - 1e-6) return false;
    // From the grid, not from this frame, so that the rate does not drift; after a pause anew.
    due_ = due_ + interval_ > time ? due_ + interval_ : time + interval_;
    return true;
  }

 private:
  bool every_frame_ = true;
  double interval_ = 0;
  double due_ = 0;
};

// A frame to search, or nothing but the counters at the end of the media (an empty image).
struct DecodedFrame {
  int64_t index = 0;
  double time = 0;
  Image image;
  int64_t frames_decoded = 0;
  int64_t corrupt_frames = 0;
  double seconds = 0;  // spent decoding so far
};

}  // namespace

class FaceNetworks {
 public:
  explicit FaceNetworks(const FaceDetectorOptions& options)
      : detector(options), landmarker(options.threads) {}

  FaceDetector detector;
  FaceLandmarker landmarker;
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
  check(short_clip >= 0, "the length of a short clip must not be negative");
  check(faces_per_track >= 0, "the faces per track must not be negative");
  check(min_presence >= 0 && min_presence <= 1, "the presence must be in [0, 1]");
}

struct TrackStream::Impl {
  FrameSource& source;
  std::shared_ptr<FaceNetworks> networks;
  TrackStreamOptions options;
  const CancelToken* cancel;
  std::function<void(double)> progress;
  int min_detections;
  IouTracker tracker;
  ShotCutDetector cuts;
  TrackBuilder builder;
  TrackStreamStats stats;
  bool finished = false;
  BoundedQueue<DecodedFrame> queue{kDecodeAhead};
  std::thread decoder;  // last: it uses the others

  Impl(FrameSource& s, std::shared_ptr<FaceNetworks> n, const TrackStreamOptions& o,
       const CancelToken* c, std::function<void(double)> p)
      : source(s),
        networks(std::move(n)),
        options(o),
        cancel(c),
        progress(std::move(p)),
        min_detections(s.info().is_picture ? 1 : o.tracker.min_detections),
        tracker(o.tracker),
        builder(o.faces_per_track, min_detections) {
    decoder = std::thread([this] { Decode(); });
  }

  ~Impl() {
    queue.Close();
    decoder.join();
  }

  void CheckCancelled() const {
    if (cancel != nullptr) cancel->Check();
  }

  void Decode();
  void DecodeFrames();
  void Process(const DecodedFrame& frame);
  std::vector<Face> FindFaces(const DecodedFrame& frame);
  void EndTracks(int minimum);
};

void TrackStream::Impl::Decode() {
  std::exception_ptr failure;
  try {
    DecodeFrames();
  } catch (...) {
    failure = std::current_exception();
  }
  queue.Finish(failure);
}

void TrackStream::Impl::DecodeFrames() {
  FrameSampler sampler(source.info(), options);
  DecodedFrame frame;
  bool more = true;
  while (more) {
    CheckCancelled();
    bool wanted = false;
    {
      const Stopwatch watch(frame.seconds);
      more = source.Grab();
      frame.corrupt_frames = source.corrupt_frames();
      if (more) {
        ++frame.frames_decoded;
        frame.index = source.index();
        frame.time = source.time();
        wanted = sampler.Wants(frame.time);
        frame.image = wanted ? source.Retrieve() : Image();
      } else {
        frame.image = Image();
      }
    }
    if (!wanted && more) continue;
    Image image = std::exchange(frame.image, Image());
    DecodedFrame item = frame;
    item.image = std::move(image);
    if (!queue.Push(std::move(item))) return;
  }
}

std::vector<Face> TrackStream::Impl::FindFaces(const DecodedFrame& frame) {
  std::vector<Detection> detections;
  {
    const Stopwatch watch(stats.detect_seconds);
    detections = networks->detector.Detect(frame.image, options.detector);
  }
  const Stopwatch watch(stats.landmark_seconds);
  std::vector<Face> faces = networks->landmarker.Locate(frame.image, detections);
  const size_t found = faces.size();
  std::erase_if(faces, [&](const Face& face) { return face.presence < options.min_presence; });
  stats.faces_found += static_cast<int64_t>(faces.size());
  stats.faces_rejected += static_cast<int64_t>(found - faces.size());
  for (Face& face : faces) {
    face.frame = frame.index;
    face.time = frame.time;
  }
  return faces;
}

void TrackStream::Impl::EndTracks(int minimum) {
  for (const int track : tracker.TakeEnded()) builder.End(track, minimum);
}

void TrackStream::Impl::Process(const DecodedFrame& frame) {
  stats.frames_decoded = frame.frames_decoded;
  stats.corrupt_frames = frame.corrupt_frames;
  stats.decode_seconds = frame.seconds;
  if (frame.image.empty()) return;
  ++stats.frames_searched;
  {
    const Stopwatch watch(stats.detect_seconds);
    if (cuts.Update(frame.image)) {
      ++stats.shot_cuts;
      tracker.EndAll();
    }
  }
  std::vector<Face> faces = FindFaces(frame);
  std::vector<Box> boxes;
  for (const Face& face : faces) boxes.push_back(face.box);
  const std::vector<int> tracks = tracker.Update(frame.time, boxes);
  EndTracks(min_detections);
  const Stopwatch watch(stats.align_seconds);
  for (size_t i = 0; i < faces.size(); ++i) {
    std::optional<AlignedFace> aligned;
    if (builder.Wants(tracks[i])) {
      aligned = Align(frame.image, std::move(faces[i]), options.alignment);
    }
    builder.Add(tracks[i], {frame.index, frame.time, boxes[i]}, std::move(aligned));
  }
  if (progress) progress(frame.time);
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
    if (const std::optional<DecodedFrame> frame = impl_->queue.Pop()) {
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
