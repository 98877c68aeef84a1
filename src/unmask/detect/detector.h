#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "unmask/base/cancel.h"
#include "unmask/base/json.h"
#include "unmask/score/aggregate.h"

namespace unmask {

enum class Judgement { kReal, kFake, kNoFace, kError };

// "real", "fake", "no_face", "error".
std::string_view NameOf(Judgement judgement);

struct FaceResult {
  int64_t frame = 0;                     // index in the video
  double time = 0;                       // seconds
  float x0 = 0, y0 = 0, x1 = 0, y1 = 0;  // box in pixels of the upright frame
  double score = 0;                      // P(fake)
};

struct TrackPlace {  // where a track was, also in frames that were not classified
  int64_t frame = 0;
  double time = 0;
  float x0 = 0, y0 = 0, x1 = 0, y1 = 0;
};

struct TrackResult {
  int id = 0;
  double start = 0;  // seconds
  double end = 0;
  double score = 0;  // mean of its faces
  std::vector<FaceResult> faces;
  std::vector<TrackPlace> places;
};

// Seconds of work in each stage.
struct StageTimes {
  double decode = 0, detect = 0, landmarks = 0, align = 0, classify = 0, total = 0;
};

struct Verdict {
  std::filesystem::path file;
  Judgement judgement = Judgement::kError;
  double score = 0;   // P(fake); meaningless for kNoFace and kError
  std::string error;  // cause, for kError
  std::string remedy;
  std::vector<TrackResult> tracks;

  int width = 0, height = 0;
  double duration = 0;  // seconds
  bool is_picture = false;
  int64_t frames_decoded = 0, frames_searched = 0, corrupt_frames = 0;
  StageTimes times;
};

struct DetectorOptions {
  std::filesystem::path model;  // empty: the default model
  // Overrides for a model without metadata, as JSON fields of ModelMetadata; empty: none.
  std::filesystem::path model_sidecar;
  Aggregation aggregation = Aggregation::kMeanTracks;
  VoteScore vote_score = VoteScore::kWinnersMean;
  double threshold = -1;     // negative: the model's own
  bool every_frame = false;  // search and classify every face of every frame
  double detect_fps = 10;
  int faces_per_track = 32;
  bool small_faces = false;
  double min_face_confidence = 0.5;
  int threads = 0;        // 0: one per core
  int batch = 8;          // faces classified at once
  bool bfloat16 = false;  // faster, slightly different scores where the CPU has bf16

  void Validate() const;
};

// Says of media files whether the faces in them are real or manipulated. Loads its networks once;
// one thread at a time.
//
//   unmask::Detector detector;
//   unmask::Verdict verdict = detector.Judge("clip.mp4");
class Detector {
 public:
  // Throws Error when the model or a network cannot be loaded.
  explicit Detector(const DetectorOptions& options = {});
  ~Detector();

  // Throws Error for files that cannot be read, Cancelled when `cancel` is set meanwhile.
  // `progress` is called with the seconds of media done and in all (0: unknown).
  using ProgressFunction = std::function<void(double done, double total)>;
  Verdict Judge(const std::filesystem::path& file, const CancelToken* cancel = nullptr,
                const ProgressFunction& progress = nullptr);

  double threshold() const;
  const std::string& model_name() const;
  const std::string& model_sha256() const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

// One element of "results" in `unmask detect --json`; its fields are documented in docs/json.md.
Json ToJson(const Verdict& verdict, bool with_faces);

}  // namespace unmask
