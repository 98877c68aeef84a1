#include "unmask/score/evaluation.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <map>
#include <utility>

#include "unmask/base/error.h"
#include "unmask/base/text.h"
#include "unmask/score/bootstrap.h"
#include "unmask/score/curves.h"
#include "unmask/score/metrics.h"
#include "unmask/score/ranking.h"

namespace unmask {
namespace {

constexpr double kUndefined = std::numeric_limits<double>::quiet_NaN();

// The measures in the order in which they are computed; the accuracies and then the AUCs of the
// classes follow.
enum Column : size_t {
  kAccuracy,
  kLogLoss,
  kRawLogLoss,
  kBrier,
  kCalibration,
  kReal,
  kFake,
  kBalanced,
  kAuc,
  kAveragePrecision,
  kEqualErrorRate,
  kTprAtPercent,
  kTprAtThousandth,
  kColumns
};

void CheckLength(size_t length, size_t items, const std::string& what) {
  if (length == items) return;
  throw Error(std::to_string(items) + " scores but " + std::to_string(length) + " " + what);
}

struct Kind {  // a class of items
  std::string name;
  int label;
};

// The classes, real ones first; throws where the items of one differ in label.
std::vector<Kind> KindsOf(const ScoredItems& items) {
  std::map<std::string, int> labels;
  for (size_t i = 0; i < items.classes.size(); ++i) {
    const auto [entry, is_new] = labels.emplace(items.classes[i], items.labels[i]);
    if (!is_new && entry->second != items.labels[i]) {
      throw Error("the class '" + items.classes[i] + "' has real and fake items");
    }
  }
  std::vector<Kind> kinds;
  for (const auto& [name, label] : labels) kinds.push_back({name, label});
  std::stable_sort(kinds.begin(), kinds.end(),
                   [](const Kind& a, const Kind& b) { return a.label < b.label; });
  return kinds;
}

// Everything about the items that does not depend on how often each counts.
class Measurer {
 public:
  Measurer(const ScoredItems& items, const std::vector<Kind>& kinds, double threshold)
      : items_(items), kinds_(kinds), ranking_(items.scores, items.labels) {
    for (size_t i = 0; i < items.scores.size(); ++i) {
      const double score = items.scores[i];
      const int label = items.labels[i];
      right_.push_back((score >= threshold ? 1 : 0) == label);
      losses_.push_back(LogLossOf(score, label));
      if (!items.raw_scores.empty()) raw_losses_.push_back(LogLossOf(items.raw_scores[i], label));
      bins_.push_back(static_cast<size_t>(CalibrationBin(score)));
      if (!items.classes.empty()) {
        const auto same = [&](const Kind& kind) { return kind.name == items.classes[i]; };
        kind_of_.push_back(
            static_cast<size_t>(std::find_if(kinds.begin(), kinds.end(), same) - kinds.begin()));
      }
    }
  }

  // All measures, item i counting weights[i] times; `kUndefined` for those that are not defined.
  std::vector<double> Measure(const std::vector<double>& weights) {
    std::vector<double> values(kColumns + 2 * kinds_.size(), kUndefined);
    MeasureMeans(weights, values);
    MeasureRanking(weights, values);
    return values;
  }

 private:
  // A weighted mean; not a number where nothing counts.
  struct Mean {
    double sum = 0;
    double weight = 0;
    void Add(double value, double w) {
      sum += w * value;
      weight += w;
    }
    double value() const { return sum / weight; }
  };

  void MeasureMeans(const std::vector<double>& weights, std::vector<double>& values) {
    Mean loss, raw_loss, brier, of_label[2];
    std::vector<Mean> of_kind(kinds_.size());
    double surplus[kCalibrationBins] = {};  // Σ (score − label) of a bin
    for (size_t i = 0; i < weights.size(); ++i) {
      const double w = weights[i];
      if (w == 0) continue;
      const double residual = items_.scores[i] - items_.labels[i];
      loss.Add(losses_[i], w);
      if (!raw_losses_.empty()) raw_loss.Add(raw_losses_[i], w);
      brier.Add(residual * residual, w);
      surplus[bins_[i]] += w * residual;
      of_label[items_.labels[i]].Add(right_[i], w);
      if (!kind_of_.empty()) of_kind[kind_of_[i]].Add(right_[i], w);
    }
    values[kAccuracy] = (of_label[0].sum + of_label[1].sum) / loss.weight;
    values[kLogLoss] = loss.value();
    values[kRawLogLoss] = raw_loss.value();
    values[kBrier] = brier.value();
    values[kReal] = of_label[0].value();
    values[kFake] = of_label[1].value();
    values[kBalanced] = (values[kReal] + values[kFake]) / 2;
    values[kCalibration] = 0;
    for (const double bin : surplus) values[kCalibration] += std::abs(bin) / loss.weight;
    for (size_t k = 0; k < kinds_.size(); ++k) values[kColumns + k] = of_kind[k].value();
  }

  void MeasureRanking(const std::vector<double>& weights, std::vector<double>& values) {
    ranking_.MakeCuts(weights, cuts_);
    if (cuts_.back().true_positives == 0 || cuts_.back().false_positives == 0) return;
    values[kAuc] = AreaUnderRoc(cuts_);
    values[kAveragePrecision] = AveragePrecision(cuts_);
    values[kEqualErrorRate] = EqualErrorRate(cuts_);
    values[kTprAtPercent] = TruePositiveRateAt(cuts_, 0.01);
    values[kTprAtThousandth] = TruePositiveRateAt(cuts_, 0.001);
    if (kinds_.empty()) return;
    const std::vector<double> areas = ranking_.ClassAreas(weights, kind_of_, kinds_.size());
    std::copy(areas.begin(), areas.end(),
              values.begin() + static_cast<std::ptrdiff_t>(kColumns + kinds_.size()));
  }

  const ScoredItems& items_;
  const std::vector<Kind>& kinds_;
  const Ranking ranking_;
  std::vector<double> right_;  // 1: the decision is the label
  std::vector<double> losses_;
  std::vector<double> raw_losses_;
  std::vector<size_t> bins_;
  std::vector<size_t> kind_of_;
  std::vector<Cut> cuts_;
};

// The values of each measure in the resamples in which it is defined.
std::vector<std::vector<double>> Bootstrap(Measurer& measurer, const std::vector<int>& groups,
                                           size_t columns, const EvaluationOptions& options) {
  std::vector<std::vector<double>> drawn(columns);
  std::vector<double> weights;
  GroupResampler resampler(groups, options.seed);
  for (int r = 0; r < options.resamples; ++r) {
    resampler.Draw(weights);
    const std::vector<double> values = measurer.Measure(weights);
    for (size_t c = 0; c < columns; ++c) {
      if (!std::isnan(values[c])) drawn[c].push_back(values[c]);
    }
  }
  return drawn;
}

}  // namespace

void ScoredItems::Validate() const {
  CheckScores(scores, labels);
  CheckLength(groups.size(), scores.size(), "groups");
  if (!raw_scores.empty()) CheckLength(raw_scores.size(), scores.size(), "uncalibrated scores");
  if (!classes.empty()) CheckLength(classes.size(), scores.size(), "classes");
  for (const auto* list : {&scores, &raw_scores}) {
    for (const double score : *list) {
      if (score >= 0 && score <= 1) continue;
      throw Error("the score " + FormatFixed(score, 3) + " is no probability");
    }
  }
}

void EvaluationOptions::Validate() const {
  if (!(threshold >= 0 && threshold <= 1)) throw UsageError("a threshold must lie in 0 … 1");
  BootstrapOptions{.level = level, .resamples = resamples, .seed = seed}.Validate();
}

Evaluation Evaluate(const ScoredItems& items, const EvaluationOptions& options) {
  items.Validate();
  options.Validate();
  const std::vector<Kind> kinds = KindsOf(items);
  Measurer measurer(items, kinds, options.threshold);
  const std::vector<double> values =
      measurer.Measure(std::vector<double>(items.scores.size(), 1.0));
  std::vector<std::vector<double>> drawn =
      Bootstrap(measurer, items.groups, values.size(), options);
  size_t groups = 0;
  NumberGroups(items.groups, groups);
  const auto measure = [&](size_t column) -> std::optional<Measure> {
    if (std::isnan(values[column])) return std::nullopt;
    // Not empty: a measure that is defined on the whole is so on some resample in two at least.
    if (groups < 2) return Measure{values[column], {kUndefined, kUndefined}};
    return Measure{values[column], PercentileInterval(drawn[column], options.level)};
  };

  Evaluation e;
  for (const int label : items.labels) ++(label == 1 ? e.fake : e.real);
  e.groups = static_cast<int64_t>(groups);
  e.threshold = options.threshold;
  e.accuracy = *measure(kAccuracy);
  e.log_loss = *measure(kLogLoss);
  e.raw_log_loss = measure(kRawLogLoss);
  e.brier_score = *measure(kBrier);
  e.calibration_error = *measure(kCalibration);
  e.real_accuracy = measure(kReal);
  e.fake_accuracy = measure(kFake);
  e.balanced_accuracy = measure(kBalanced);
  e.auc = measure(kAuc);
  e.average_precision = measure(kAveragePrecision);
  e.equal_error_rate = measure(kEqualErrorRate);
  e.tpr_at_1_percent = measure(kTprAtPercent);
  e.tpr_at_one_per_thousand = measure(kTprAtThousandth);
  for (size_t k = 0; k < kinds.size(); ++k) {
    const auto count = std::count(items.classes.begin(), items.classes.end(), kinds[k].name);
    e.classes.push_back({kinds[k].name, kinds[k].label, count, *measure(kColumns + k),
                         measure(kColumns + kinds.size() + k)});
  }
  return e;
}

}  // namespace unmask
