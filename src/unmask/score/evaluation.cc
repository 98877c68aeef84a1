#include "unmask/score/evaluation.h"

#include <vector>

namespace unmask {
namespace {

double AccuracyOfDecisions(std::span<const double> decisions, std::span<const int> labels) {
  return Accuracy(decisions, labels, 0.5);
}

double BalancedAccuracyOfDecisions(std::span<const double> decisions, std::span<const int> labels) {
  return BalancedAccuracy(decisions, labels, 0.5);
}

// Share of the items of `label` that are decided rightly; absent without such items.
std::optional<double> ClassAccuracy(std::span<const double> decisions, std::span<const int> labels,
                                    int label, int64_t items) {
  if (items == 0) return std::nullopt;
  int64_t right = 0;
  for (size_t i = 0; i < labels.size(); ++i) right += labels[i] == label && decisions[i] == label;
  return static_cast<double>(right) / static_cast<double>(items);
}

}  // namespace

Evaluation Evaluate(std::span<const double> scores, std::span<const int> labels,
                    std::span<const int> groups, double threshold, int resamples, uint64_t seed) {
  const auto measure = [&](std::span<const double> values, Metric metric) {
    return Measure{metric(values, labels),
                   BootstrapInterval(values, labels, groups, metric, 0.95, resamples, seed)};
  };
  // A metric takes no threshold: decisions are made here, as the scores 0 and 1.
  std::vector<double> decisions;
  for (const double score : scores) decisions.push_back(score >= threshold ? 1 : 0);

  Evaluation evaluation;
  evaluation.threshold = threshold;
  evaluation.accuracy = measure(decisions, AccuracyOfDecisions);
  evaluation.log_loss = measure(scores, LogLoss);
  for (const int label : labels) ++(label == 1 ? evaluation.fake : evaluation.real);
  evaluation.real_accuracy = ClassAccuracy(decisions, labels, 0, evaluation.real);
  evaluation.fake_accuracy = ClassAccuracy(decisions, labels, 1, evaluation.fake);
  if (evaluation.real > 0 && evaluation.fake > 0) {
    evaluation.balanced_accuracy = measure(decisions, BalancedAccuracyOfDecisions);
    evaluation.auc = measure(scores, AreaUnderRoc);
  }
  return evaluation;
}

}  // namespace unmask
