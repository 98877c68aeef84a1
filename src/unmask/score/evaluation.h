#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace unmask {

// Not a number where all items are of one group, of which nothing can be said.
struct Interval {
  double low = 0;
  double high = 0;
};

struct Measure {
  double value = 0;
  Interval interval;  // by bootstrap, see EvaluationOptions
};

// What is measured: faces, tracks or videos. Vectors of one length.
struct ScoredItems {
  std::vector<double> scores;        // P(fake) in [0, 1]
  std::vector<double> raw_scores;    // the same before calibration; may be empty
  std::vector<int> labels;           // 1 = fake, 0 = real
  std::vector<int> groups;           // what the bootstrap draws as one: a person, a source
  std::vector<std::string> classes;  // "Deepfakes", "real", …; may be empty

  // Throws Error naming the broken rule.
  void Validate() const;
};

// Percentile bootstrap over groups: as many groups as there are, drawn with replacement, with all
// their items. A resample in which a measure is not defined (one class is absent) does not count
// for that measure.
struct EvaluationOptions {
  double threshold = 0.5;  // score ≥ it: fake
  double level = 0.95;
  int resamples = 2000;
  uint64_t seed = 1;

  void Validate() const;
};

struct ClassMeasures {
  std::string name;
  int label = 0;
  int64_t items = 0;
  Measure accuracy;
  std::optional<Measure> auc;  // of fakes, against all real items
};

// How good scores are; the measures are those of metrics.h. What needs both classes is absent where
// there is one.
struct Evaluation {
  int64_t real = 0;  // items
  int64_t fake = 0;
  int64_t groups = 0;  // with fewer than some ten, intervals say little
  double threshold = 0.5;

  Measure accuracy;  // of all classes together
  Measure log_loss;
  std::optional<Measure> raw_log_loss;  // of raw_scores
  Measure brier_score;
  Measure calibration_error;
  std::optional<Measure> real_accuracy;  // share of the real items called real
  std::optional<Measure> fake_accuracy;  // share of the fake items called fake
  std::optional<Measure> balanced_accuracy;
  std::optional<Measure> auc;
  std::optional<Measure> average_precision;
  std::optional<Measure> equal_error_rate;
  std::optional<Measure> tpr_at_1_percent;         // true-positive rate at 1 % false positives
  std::optional<Measure> tpr_at_one_per_thousand;  // at 0.1 %
  std::vector<ClassMeasures> classes;              // real ones first, each kind by name
};

// Throws Error as ScoredItems::Validate() does and where two items of a class differ in label.
Evaluation Evaluate(const ScoredItems& items, const EvaluationOptions& options = {});

}  // namespace unmask
