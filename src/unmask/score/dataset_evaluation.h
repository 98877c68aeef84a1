#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <vector>

#include "unmask/score/aggregate.h"
#include "unmask/score/evaluation.h"

namespace unmask {

struct FaceScore {
  double score = 0;   // P(fake) in [0, 1], calibrated
  double margin = 0;  // log odds of fake before calibration
};

// A labelled file and the scores of its faces.
struct ScoredFile {
  std::string file;
  std::string identity;  // files that share one are drawn together; empty: the file stands alone
  std::string split;
  std::string class_name;  // empty: "real" or "fake" by the label
  std::string quality;
  int label = 0;  // 1 fake, 0 real
  std::vector<std::vector<FaceScore>> tracks;
  std::string failure;    // why it could not be read; empty otherwise
  bool doubtful = false;  // small, blurred, …: a doubt that does not come from the score

  bool has_score() const;  // there is a face
  int64_t faces() const;
  std::string class_or_label() const;
};

struct DatasetOptions {
  EvaluationOptions evaluation;  // its threshold is that of faces and tracks, too
  VoteScore vote_score = VoteScore::kWinnersMean;
  double real_below = 1;   // of scores from here to the threshold real is not said, see Answers
  double temperature = 1;  // that the scores were calibrated with: votes are cast alike without
};

// MF, MT and AT of a file that has a face, in this order.
inline constexpr std::array kAggregations = {Aggregation::kMaxFaces, Aggregation::kMaxTracks,
                                             Aggregation::kMeanTracks};
std::array<double, 3> VideoScores(const ScoredFile& file, const DatasetOptions& options);

// The threshold that a file's score is compared with: the options', but one half for a share of
// votes, as in `detect`.
double FileThreshold(Aggregation aggregation, const DatasetOptions& options);

// The files that have a score as items, in order: their scores by `aggregation`, groups by
// identity, classes by name.
ScoredItems FileItems(const std::vector<ScoredFile>& files, Aggregation aggregation,
                      const DatasetOptions& options = {});

struct Level {
  std::string name;  // "frame", "track", "MF", "MT", "AT"
  ScoredItems items;
  Evaluation evaluation;
};

struct ClassCount {
  std::string name;
  int label = 0;
  int64_t files = 0;
  int64_t no_face = 0;  // read, but without a face; no score
  int64_t failed = 0;   // could not be read; no score
  int64_t tracks = 0;
  int64_t faces = 0;
};

struct DatasetEvaluation {
  ClassCount total;                 // without a name
  std::vector<ClassCount> classes;  // real ones first, each kind by name
  std::vector<Level> levels;        // frame, track, MF, MT, AT; none where nothing has a score
};

// The measures of a data set on every level. Files without a score are counted and enter none of
// them. Throws Error as Evaluate() does.
DatasetEvaluation EvaluateDataset(const std::vector<ScoredFile>& files,
                                  const DatasetOptions& options = {});

}  // namespace unmask
