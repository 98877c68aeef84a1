#pragma once

#include <array>
#include <cstdint>
#include <vector>

#include "unmask/score/dataset_evaluation.h"
#include "unmask/score/selective.h"

namespace unmask {

// What a model that may say "cannot tell" makes of labelled files. Arrays: real, fake files.
struct Answers {
  std::array<int64_t, 2> files = {0, 0};     // that have a score
  std::array<int64_t, 2> answered = {0, 0};  // real or fake was said
  std::array<int64_t, 2> wrong = {0, 0};     // answers that are not the label
  int64_t wrong_if_all_answered = 0;         // by the threshold alone
  std::vector<RiskCoveragePoint> curve;      // by Confidence()
  double area = 0;                           // under it

  int64_t all_files() const { return files[0] + files[1]; }
  int64_t all_answered() const { return answered[0] + answered[1]; }
  int64_t all_wrong() const { return wrong[0] + wrong[1]; }
};

// Whether real or fake is said of a file with a score.
bool IsAnswered(const ScoredFile& file, Aggregation aggregation, const DatasetOptions& options);

// Throws Error where no file has a score.
Answers MeasureAnswers(const std::vector<ScoredFile>& files, Aggregation aggregation,
                       const DatasetOptions& options);

}  // namespace unmask
