#pragma once

#include <filesystem>
#include <functional>
#include <memory>
#include <span>

#include "unmask/base/cancel.h"
#include "unmask/detect/classifier.h"
#include "unmask/detect/verdict.h"
#include "unmask/media/frame_source.h"

namespace unmask {

struct DetectorOptions {
  std::filesystem::path model;  // empty: the default model
  // Overrides for a model without metadata, as JSON fields of ModelMetadata; empty: none.
  std::filesystem::path model_sidecar;
  Aggregation aggregation = Aggregation::kMeanTracks;
  VoteScore vote_score = VoteScore::kWinnersMean;
  double threshold = -1;       // 0 … 1; negative: the model's own
  bool always_answer = false;  // real or fake also where the model had better not
  bool every_frame = false;    // search and classify every face of every frame
  double detect_fps = 10;      // searches per second of video; short clips: every frame
  bool thorough = false;       // as often while next to nothing moves
  int faces_per_track = 32;    // classified, spread evenly over the track
  bool small_faces = false;    // slower, see FaceDetectorOptions
  double min_face_confidence = 0.5;
  int threads = 0;  // 0: one per core
  int batch = 8;    // faces classified at once; does not change the scores
  // bf16 is about twice as fast where the CPU has it, but the scores differ by some thousandths.
  Precision precision = Precision::kFloat;

  // Throws UsageError naming the value and the violated rule.
  void Validate() const;
};

// A face that was judged, for those who look deeper than its score.
struct JudgedFace {
  int track = 0;  // faces of one track have one number; that of the verdict is given at the end
  AlignedFace aligned;
  double score = 0;   // as in FaceResult
  double margin = 0;  // as in FaceResult
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

  // The same file gives the same scores whatever `threads` and `batch`, unless it is damaged: which
  // frames a decoder saves may then vary with its threads. Memory does not grow with
  // the length of a video, but for some 50 bytes per face found. Throws Error for files that cannot
  // be read, Cancelled when `cancel` is set meanwhile. `progress` is called with the seconds of
  // media done and in all (0: unknown).
  using ProgressFunction = std::function<void(double done, double total)>;
  //
  // `judged`, where given, is called behind every run of the classifier with the faces of that run;
  // what classifier().output() gives then is of these faces, in order.
  using JudgedFunction = std::function<void(std::span<const JudgedFace>)>;
  Verdict Judge(const std::filesystem::path& file, const CancelToken* cancel = nullptr,
                const ProgressFunction& progress = nullptr, const JudgedFunction& judged = nullptr);

  // The same for frames of any origin; the verdict names no file.
  Verdict Judge(FrameSource& source, const CancelToken* cancel = nullptr,
                const ProgressFunction& progress = nullptr, const JudgedFunction& judged = nullptr);

  // The same, but an Error becomes a verdict of its own, so that the next file can be judged.
  Verdict TryJudge(const std::filesystem::path& file, const CancelToken* cancel = nullptr,
                   const ProgressFunction& progress = nullptr);

  // Model, threshold, precision as they are after loading.
  const DetectionSettings& settings() const;

  // That the model's scores are calibrated with.
  double temperature() const;

  // What judges the faces; not to be used during Judge() but by `judged`.
  Classifier& classifier();

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace unmask
