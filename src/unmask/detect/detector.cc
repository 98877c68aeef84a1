#include "unmask/detect/detector.h"

#include <algorithm>
#include <chrono>
#include <future>
#include <map>
#include <new>
#include <tuple>
#include <utility>

#include "unmask/base/error.h"
#include "unmask/detect/classifier.h"
#include "unmask/detect/decide.h"
#include "unmask/face/track_stream.h"
#include "unmask/media/frame_source.h"

namespace unmask {
namespace {

namespace fs = std::filesystem;
using Clock = std::chrono::steady_clock;

double SecondsSince(Clock::time_point start) {
  return std::chrono::duration<double>(Clock::now() - start).count();
}

TrackStreamOptions StreamOptions(const DetectorOptions& options,
                                 const AlignmentOptions& alignment) {
  TrackStreamOptions stream;
  stream.detector.min_confidence = options.min_face_confidence;
  stream.detector.small_faces = options.small_faces;
  stream.detector.threads = options.threads;
  stream.alignment = alignment;
  stream.detect_fps = options.every_frame ? 0 : options.detect_fps;
  stream.thorough = options.thorough;
  stream.faces_per_track = options.every_frame ? 0 : options.faces_per_track;
  return stream;
}

// Collects the tracks of one file and classifies their faces in batches that span tracks.
class TrackScorer {
 public:
  TrackScorer(Classifier& classifier, const CancelToken* cancel,
              const Detector::JudgedFunction& judged)
      : classifier_(classifier), cancel_(cancel), judged_(judged) {
    classifier_.Discard();  // what an earlier file left that failed
  }

  // The crops of `part` are not needed afterwards.
  void Add(const TrackPart& part) {
    TrackResult& track = tracks_[part.track];
    for (const TrackPosition& p : part.positions) track.places.push_back({p.frame, p.time, p.box});
    for (const AlignedFace& face : part.faces) {
      const auto start = Clock::now();
      classifier_.Add(face.crop);
      seconds_ += SecondsSince(start);
      waiting_.emplace_back(&track, track.faces.size());
      track.faces.push_back({.frame = face.face.frame,
                             .time = face.face.time,
                             .box = face.face.box,
                             .sharpness = face.face.blur});
      if (judged_) faces_.push_back({part.track, face});
      if (classifier_.waiting() == classifier_.batch()) Run();
    }
  }

  // Every track with the scores of its faces, numbered in the order in which they begin.
  std::vector<TrackResult> Finish() {
    Run();
    std::vector<TrackResult> tracks;
    for (auto& [id, track] : tracks_) {
      track.start = track.places.front().time;
      track.end = track.places.back().time;
      tracks.push_back(std::move(track));
    }
    std::stable_sort(tracks.begin(), tracks.end(), [](const TrackResult& a, const TrackResult& b) {
      const TrackPlace& first = a.places.front();
      const TrackPlace& second = b.places.front();
      return std::tie(first.frame, first.box.x0) < std::tie(second.frame, second.box.x0);
    });
    for (size_t i = 0; i < tracks.size(); ++i) tracks[i].id = static_cast<int>(i) + 1;
    return tracks;
  }

  double seconds() const { return seconds_; }

 private:
  void Run() {
    if (cancel_ != nullptr) cancel_->Check();
    const auto start = Clock::now();
    const std::vector<double> scores = classifier_.Run();
    seconds_ += SecondsSince(start);
    for (size_t i = 0; i < scores.size(); ++i) {
      const auto& [track, face] = waiting_[i];
      track->faces[face].score = scores[i];
      track->faces[face].margin = classifier_.margins()[i];
      track->faces[face].distance = static_cast<float>(classifier_.distances()[i]);
      if (!judged_) continue;
      faces_[i].score = scores[i];
      faces_[i].margin = classifier_.margins()[i];
    }
    waiting_.clear();
    if (!faces_.empty()) judged_(faces_);
    faces_.clear();
  }

  Classifier& classifier_;
  const CancelToken* cancel_;
  const Detector::JudgedFunction& judged_;
  std::vector<JudgedFace> faces_;                         // that wait, for `judged_`
  std::map<int, TrackResult> tracks_;                     // by the stream's number
  std::vector<std::pair<TrackResult*, size_t>> waiting_;  // whose crops the classifier holds
  double seconds_ = 0;
};

void CopyStats(const TrackStreamStats& stats, Verdict& verdict) {
  verdict.frames_decoded = stats.frames_decoded;
  verdict.frames_searched = stats.frames_searched;
  verdict.corrupt_frames = stats.corrupt_frames;
  verdict.other_videos = stats.other_videos;
  verdict.times.decode = stats.decode_seconds;
  verdict.times.detect = stats.detect_seconds;
  verdict.times.landmarks = stats.landmark_seconds;
  verdict.times.align = stats.align_seconds;
  verdict.times.decode_wait = stats.decode_wait_seconds;
  verdict.times.judge_wait = stats.judge_wait_seconds;
}

}  // namespace

void DetectorOptions::Validate() const {
  const auto check = [](bool good, const std::string& what) {
    if (!good) throw UsageError(what);
  };
  check(threshold <= 1, "the threshold must lie in 0 … 1");
  check(detect_fps > 0 && detect_fps <= 1000, "the searches per second must lie in 0 … 1000");
  check(faces_per_track >= 1, "the faces per track must be at least 1");
  check(threads >= 0 && threads <= 1024, "the threads must lie in 0 … 1024");
  check(min_face_confidence >= 0 && min_face_confidence <= 1,
        "the confidence of faces must lie in 0 … 1");
}

struct Detector::Impl {
  explicit Impl(const DetectorOptions& o)
      : options((o.Validate(), o)),
        loading(
            std::async(std::launch::async,
                       [threads = o.threads] { return LoadFaceNetworks({.threads = threads}); })),
        classifier(o.model.empty() ? DefaultModel() : o.model, {.sidecar = o.model_sidecar,
                                                                .batch = o.batch,
                                                                .threads = o.threads,
                                                                .precision = o.precision}),
        stream_options(StreamOptions(o, classifier.alignment())),
        networks(loading.get()) {
    settings.model_name = classifier.metadata().name;
    settings.model_sha256 = classifier.sha256();
    settings.precision = classifier.precision();
    settings.threshold = o.threshold < 0 ? classifier.metadata().threshold : o.threshold;
    settings.aggregation = o.aggregation;
    settings.vote_score = o.vote_score;
    rules.aggregation = settings.aggregation;
    rules.vote_score = settings.vote_score;
    rules.threshold = settings.threshold;
    if (!o.always_answer) rules.limits = classifier.metadata().limits;
    settings.always_answer = o.always_answer;
    settings.file_threshold = FileThreshold(rules);
    settings.every_frame = o.every_frame;
    settings.detect_fps = o.detect_fps;
    settings.thorough = o.thorough;
    settings.faces_per_track = o.faces_per_track;
    settings.small_faces = o.small_faces;
  }

  Verdict Judge(FrameSource& source, int64_t bytes, const CancelToken* cancel,
                const ProgressFunction& progress, const JudgedFunction& judged);

  DetectorOptions options;
  std::future<std::shared_ptr<FaceNetworks>> loading;  // beside the classifier
  Classifier classifier;
  TrackStreamOptions stream_options;
  std::shared_ptr<FaceNetworks> networks;
  DetectionSettings settings;
  DecisionRules rules;
};

Detector::Detector(const DetectorOptions& options) : impl_(std::make_unique<Impl>(options)) {}
Detector::~Detector() = default;

const DetectionSettings& Detector::settings() const { return impl_->settings; }

double Detector::temperature() const { return impl_->classifier.metadata().temperature; }

Classifier& Detector::classifier() { return impl_->classifier; }

// `bytes`: of the file; 0: not known.
Verdict Detector::Impl::Judge(FrameSource& source, int64_t bytes, const CancelToken* cancel,
                              const ProgressFunction& progress, const JudgedFunction& judged) {
  const auto start = Clock::now();
  const MediaInfo& info = source.info();
  Verdict verdict;
  verdict.width = info.width;
  verdict.height = info.height;
  verdict.is_picture = info.is_picture;
  verdict.duration = info.duration;

  double last_time = 0;
  TrackStream stream(source, networks, stream_options, cancel, [&](double time) {
    last_time = time;
    if (progress) progress(time, info.duration);
  });
  TrackScorer scorer(classifier, cancel, judged);
  while (const std::optional<TrackPart> part = stream.Next()) scorer.Add(*part);
  verdict.tracks = scorer.Finish();
  if (!info.is_picture) verdict.duration = std::max(verdict.duration, last_time);

  CopyStats(stream.stats(), verdict);
  Decide(verdict, rules, bytes);
  verdict.times.classify = scorer.seconds();
  verdict.times.total = SecondsSince(start);
  return verdict;
}

Verdict Detector::Judge(const fs::path& file, const CancelToken* cancel,
                        const ProgressFunction& progress, const JudgedFunction& judged) {
  const auto source = OpenMedia(file, {.threads = impl_->options.threads});
  std::error_code unknown;
  const uintmax_t bytes = fs::file_size(file, unknown);
  Verdict verdict =
      impl_->Judge(*source, unknown ? 0 : static_cast<int64_t>(bytes), cancel, progress, judged);
  verdict.file = file;
  return verdict;
}

Verdict Detector::Judge(FrameSource& source, const CancelToken* cancel,
                        const ProgressFunction& progress, const JudgedFunction& judged) {
  return impl_->Judge(source, 0, cancel, progress, judged);
}

Verdict Detector::TryJudge(const fs::path& file, const CancelToken* cancel,
                           const ProgressFunction& progress) {
  Verdict verdict;
  verdict.file = file;
  try {
    return Judge(file, cancel, progress);
  } catch (const Cancelled&) {
    throw;
  } catch (const Error& e) {
    verdict.error = e.problem();
    verdict.remedy = e.remedy();
  } catch (const std::bad_alloc&) {
    verdict.error = file.string() + ": there is not enough memory for it";
    verdict.remedy = "Reduce its size, judge fewer files side by side or close other programs";
  } catch (const std::exception& e) {
    verdict.error = file.string() + ": " + e.what();
  }
  return verdict;
}

}  // namespace unmask
