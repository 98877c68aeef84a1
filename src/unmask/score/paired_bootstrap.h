#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "unmask/score/bootstrap.h"
#include "unmask/score/evaluation.h"

namespace unmask {

// What scores are compared by; defined in metrics.h.
enum class ComparedMeasure { kAccuracy, kBalancedAccuracy, kAuc, kLogLoss };

// "accuracy", "balanced_accuracy", "auc", "log_loss"; throws UsageError for others.
ComparedMeasure ComparedMeasureFromName(std::string_view name);
std::string_view NameOf(ComparedMeasure measure);
bool HigherIsBetter(ComparedMeasure measure);

// The scores of one method on the items: a list {items} of P(fake) for every run of it (its seeds).
struct MethodScores {
  std::vector<std::vector<double>> runs;
  double threshold = 0.5;  // score ≥ it: fake
};

// The same items, judged by every method.
struct ComparedItems {
  std::vector<int> labels;  // 1 = fake, 0 = real
  std::vector<int> groups;  // what the bootstrap draws as one: a person, a source
};

// Method a minus method b.
struct PairedDifference {
  double difference = 0;  // of the measure, on the items as they are
  Interval interval;      // percentiles of the resamples' differences; NaN where there is one group
  // Two-sided: twice the smaller share of resamples whose difference is ≤ 0 or ≥ 0, itself counted
  // in, (1 + n) / (1 + resamples), at most 1 (Davison and Hinkley, Bootstrap Methods and their
  // Application, 1997, section 4.2.3). So never below 2 / (1 + resamples), and 1 for equal scores.
  // NaN where there is one group.
  double p = 1;
};

// A measure of several methods on the same resamples of groups, so that differences between methods
// are free of what all of them have in common: a resample of easy videos is easy for all. The value
// of a method is the mean over its runs, within each resample; runs are not drawn, so that the
// interval says what other videos would do, not what other seeds would. Deterministic.
class PairedBootstrap {
 public:
  // Throws Error for unequal lengths, no methods or one without runs, scores that are not
  // probabilities, labels other than 0 and 1, and, but for accuracy and log loss, when one class is
  // absent; UsageError as options.Validate() does.
  PairedBootstrap(const ComparedItems& items, const std::vector<MethodScores>& methods,
                  ComparedMeasure measure, const BootstrapOptions& options = {});

  size_t methods() const { return values_.size(); }
  double value(size_t method) const { return values_[method]; }  // on the items as they are
  Measure MeasureOf(size_t method) const;                        // with its own interval

  PairedDifference Compare(size_t a, size_t b) const;

 private:
  BootstrapOptions options_;
  size_t groups_ = 0;
  std::vector<double> values_;              // {methods}
  std::vector<std::vector<double>> drawn_;  // {methods, resamples in which the measure is defined}
};

}  // namespace unmask
