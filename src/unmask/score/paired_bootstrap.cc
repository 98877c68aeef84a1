#include "unmask/score/paired_bootstrap.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <memory>

#include "unmask/base/error.h"
#include "unmask/base/text.h"
#include "unmask/score/metrics.h"
#include "unmask/score/ranking.h"

namespace unmask {
namespace {

constexpr double kUndefined = std::numeric_limits<double>::quiet_NaN();

constexpr ComparedMeasure kMeasures[] = {ComparedMeasure::kAccuracy,
                                         ComparedMeasure::kBalancedAccuracy, ComparedMeasure::kAuc,
                                         ComparedMeasure::kLogLoss};

// One run of a method: a measure of its scores, items counted by weights.
class Run {
 public:
  Run(const std::vector<double>& scores, const std::vector<int>& labels, double threshold,
      ComparedMeasure measure)
      : labels_(labels), measure_(measure) {
    if (measure == ComparedMeasure::kAuc) {
      ranking_ = std::make_unique<Ranking>(scores, labels);
      return;
    }
    for (size_t i = 0; i < scores.size(); ++i) {
      const bool right = (scores[i] >= threshold) == (labels[i] == 1);
      values_.push_back(measure == ComparedMeasure::kLogLoss ? LogLossOf(scores[i], labels[i])
                        : right                              ? 1.0
                                                             : 0.0);
    }
  }

  // Not a number where the items that count are of one class and the measure needs two.
  double Measure(const std::vector<double>& weights, std::vector<Cut>& cuts) const {
    if (ranking_ != nullptr) {
      ranking_->MakeCuts(weights, cuts);
      const bool both = cuts.back().true_positives > 0 && cuts.back().false_positives > 0;
      return both ? AreaUnderRoc(cuts) : kUndefined;
    }
    double sums[2] = {0, 0}, items[2] = {0, 0};
    for (size_t i = 0; i < weights.size(); ++i) {
      sums[labels_[i]] += weights[i] * values_[i];
      items[labels_[i]] += weights[i];
    }
    if (measure_ == ComparedMeasure::kBalancedAccuracy) {
      return (sums[0] / items[0] + sums[1] / items[1]) / 2;  // 0 / 0 is not a number
    }
    return (sums[0] + sums[1]) / (items[0] + items[1]);
  }

 private:
  const std::vector<int>& labels_;
  const ComparedMeasure measure_;
  std::unique_ptr<Ranking> ranking_;  // of the AUC
  std::vector<double> values_;        // of the others, one an item
};

void Check(const ComparedItems& items, const std::vector<MethodScores>& methods,
           ComparedMeasure measure) {
  if (methods.empty()) throw Error("no methods to compare");
  for (const MethodScores& method : methods) {
    if (method.runs.empty()) throw Error("a method to compare has no scores");
    for (const std::vector<double>& scores : method.runs) {
      ScoredItems{.scores = scores,
                  .raw_scores = {},
                  .labels = items.labels,
                  .groups = items.groups,
                  .classes = {}}
          .Validate();
    }
  }
  const auto fakes = std::count(items.labels.begin(), items.labels.end(), 1);
  const bool both = fakes > 0 && fakes < static_cast<int64_t>(items.labels.size());
  const bool needs_both =
      measure == ComparedMeasure::kAuc || measure == ComparedMeasure::kBalancedAccuracy;
  if (needs_both && !both) {
    throw Error("the " + std::string(NameOf(measure)) +
                " of methods cannot be compared: all items are of one class");
  }
}

}  // namespace

std::string_view NameOf(ComparedMeasure measure) {
  switch (measure) {
    case ComparedMeasure::kAccuracy:
      return "accuracy";
    case ComparedMeasure::kBalancedAccuracy:
      return "balanced_accuracy";
    case ComparedMeasure::kAuc:
      return "auc";
    case ComparedMeasure::kLogLoss:
      return "log_loss";
  }
  return "";
}

ComparedMeasure ComparedMeasureFromName(std::string_view name) {
  std::vector<std::string> names;
  for (const ComparedMeasure measure : kMeasures) {
    if (NameOf(measure) == name) return measure;
    names.emplace_back(NameOf(measure));
  }
  ThrowUnknownName("measure", name, names);
}

bool HigherIsBetter(ComparedMeasure measure) { return measure != ComparedMeasure::kLogLoss; }

PairedBootstrap::PairedBootstrap(const ComparedItems& items,
                                 const std::vector<MethodScores>& methods, ComparedMeasure measure,
                                 const BootstrapOptions& options)
    : options_(options) {
  options.Validate();
  Check(items, methods, measure);
  std::vector<std::vector<Run>> runs(methods.size());
  for (size_t m = 0; m < methods.size(); ++m) {
    for (const std::vector<double>& scores : methods[m].runs) {
      runs[m].emplace_back(scores, items.labels, methods[m].threshold, measure);
    }
  }
  std::vector<Cut> cuts;
  const auto measure_all = [&](const std::vector<double>& weights) {
    std::vector<double> values;
    for (const std::vector<Run>& of_method : runs) {
      double sum = 0;
      for (const Run& run : of_method) sum += run.Measure(weights, cuts);
      values.push_back(sum / static_cast<double>(of_method.size()));
    }
    return values;
  };
  std::vector<double> weights(items.labels.size(), 1.0);
  values_ = measure_all(weights);
  drawn_.resize(methods.size());
  GroupResampler resampler(items.groups, options.seed);
  groups_ = resampler.groups();
  for (int r = 0; r < options.resamples && groups_ > 1; ++r) {
    resampler.Draw(weights);
    const std::vector<double> values = measure_all(weights);
    // Whether a measure is defined depends on the labels drawn, so for all methods alike.
    if (std::isnan(values[0])) continue;
    for (size_t m = 0; m < values.size(); ++m) drawn_[m].push_back(values[m]);
  }
}

Measure PairedBootstrap::MeasureOf(size_t method) const {
  std::vector<double> sample = drawn_.at(method);
  return {values_[method], PercentileInterval(sample, options_.level)};
}

PairedDifference PairedBootstrap::Compare(size_t a, size_t b) const {
  PairedDifference result{.difference = values_.at(a) - values_.at(b), .interval = {}};
  std::vector<double> sample;
  double not_above = 1, not_below = 1;
  // A mean of the same numbers in another order may differ in its last bits.
  constexpr double kRounding = 1e-12;
  for (size_t r = 0; r < drawn_[a].size(); ++r) {
    sample.push_back(drawn_[a][r] - drawn_[b][r]);
    not_above += sample.back() <= kRounding;
    not_below += sample.back() >= -kRounding;
  }
  const double tail = std::min(not_above, not_below);
  result.p = sample.empty() ? kUndefined
                            : std::min(1.0, 2 * tail / static_cast<double>(1 + sample.size()));
  result.interval = PercentileInterval(sample, options_.level);
  return result;
}

}  // namespace unmask
