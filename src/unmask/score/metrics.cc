#include "unmask/score/metrics.h"

#include <algorithm>
#include <cmath>
#include <string>
#include <vector>

#include "unmask/base/error.h"
#include "unmask/score/curves.h"
#include "unmask/score/ranking.h"

namespace unmask {
namespace {

// Items and correct decisions of each class.
struct Tally {
  double items[2] = {0, 0};
  double correct[2] = {0, 0};
};

Tally Count(std::span<const double> scores, std::span<const int> labels, double threshold) {
  CheckScores(scores, labels);
  Tally tally;
  for (size_t i = 0; i < scores.size(); ++i) {
    const int decision = scores[i] >= threshold ? 1 : 0;
    ++tally.items[labels[i]];
    if (decision == labels[i]) ++tally.correct[labels[i]];
  }
  return tally;
}

[[noreturn]] void ThrowOneClass(const std::string& metric) {
  throw Error(metric + " is not defined: all items are of one class");
}

// Throws unless both classes are there.
std::vector<Cut> CutsOf(std::span<const double> scores, std::span<const int> labels,
                        const std::string& metric) {
  std::vector<Cut> cuts;
  Ranking(scores, labels).MakeCuts({}, cuts);
  if (cuts.back().true_positives == 0 || cuts.back().false_positives == 0) ThrowOneClass(metric);
  return cuts;
}

}  // namespace

double Accuracy(std::span<const double> scores, std::span<const int> labels, double threshold) {
  const Tally tally = Count(scores, labels, threshold);
  return (tally.correct[0] + tally.correct[1]) / static_cast<double>(scores.size());
}

double BalancedAccuracy(std::span<const double> scores, std::span<const int> labels,
                        double threshold) {
  const Tally tally = Count(scores, labels, threshold);
  if (tally.items[0] == 0 || tally.items[1] == 0) ThrowOneClass("balanced accuracy");
  return (tally.correct[0] / tally.items[0] + tally.correct[1] / tally.items[1]) / 2;
}

double AreaUnderRoc(std::span<const double> scores, std::span<const int> labels) {
  return AreaUnderRoc(CutsOf(scores, labels, "the area under the ROC curve"));
}

double AveragePrecision(std::span<const double> scores, std::span<const int> labels) {
  return AveragePrecision(CutsOf(scores, labels, "the average precision"));
}

double EqualErrorRate(std::span<const double> scores, std::span<const int> labels) {
  return EqualErrorRate(CutsOf(scores, labels, "the equal error rate"));
}

double TruePositiveRateAt(std::span<const double> scores, std::span<const int> labels,
                          double false_positive_rate) {
  return TruePositiveRateAt(CutsOf(scores, labels, "the true-positive rate at a rate of alarms"),
                            false_positive_rate);
}

double LogLossOf(double score, int label) {
  constexpr double kClip = 1e-7;
  const double p = std::clamp(score, kClip, 1 - kClip);
  return -std::log(label == 1 ? p : 1 - p);
}

double LogLoss(std::span<const double> scores, std::span<const int> labels) {
  CheckScores(scores, labels);
  double sum = 0;
  for (size_t i = 0; i < scores.size(); ++i) sum += LogLossOf(scores[i], labels[i]);
  return sum / static_cast<double>(scores.size());
}

double BrierScore(std::span<const double> scores, std::span<const int> labels) {
  CheckScores(scores, labels);
  double sum = 0;
  for (size_t i = 0; i < scores.size(); ++i) {
    sum += (scores[i] - labels[i]) * (scores[i] - labels[i]);
  }
  return sum / static_cast<double>(scores.size());
}

double CalibrationError(std::span<const double> scores, std::span<const int> labels) {
  double sum = 0;
  for (const ReliabilityBin& bin : ReliabilityCurve(scores, labels)) {
    sum += bin.items * std::abs(bin.mean_score - bin.fake_share);
  }
  return sum / static_cast<double>(scores.size());
}

}  // namespace unmask
