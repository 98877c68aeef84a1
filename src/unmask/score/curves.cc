#include "unmask/score/curves.h"

#include <algorithm>
#include <array>

#include "unmask/base/error.h"
#include "unmask/base/text.h"
#include "unmask/score/ranking.h"

namespace unmask {
namespace {

std::vector<Cut> CutsOf(std::span<const double> scores, std::span<const int> labels) {
  std::vector<Cut> cuts;
  Ranking(scores, labels).MakeCuts({}, cuts);
  return cuts;
}

}  // namespace

std::vector<RocPoint> RocCurve(std::span<const double> scores, std::span<const int> labels) {
  const std::vector<Cut> cuts = CutsOf(scores, labels);
  const Cut& all = cuts.back();
  if (all.true_positives == 0 || all.false_positives == 0) {
    throw Error("a ROC curve needs real and fake items");
  }
  std::vector<RocPoint> points;
  for (const Cut& cut : cuts) {
    points.push_back({.threshold = cut.threshold,
                      .false_positive_rate = cut.false_positives / all.false_positives,
                      .true_positive_rate = cut.true_positives / all.true_positives});
  }
  return points;
}

std::vector<PrecisionRecallPoint> PrecisionRecallCurve(std::span<const double> scores,
                                                       std::span<const int> labels) {
  const std::vector<Cut> cuts = CutsOf(scores, labels);
  if (cuts.back().true_positives == 0) throw Error("a precision-recall curve needs fake items");
  std::vector<PrecisionRecallPoint> points;
  for (size_t i = 1; i < cuts.size(); ++i) {
    const Cut& cut = cuts[i];
    points.push_back(
        {.threshold = cut.threshold,
         .recall = cut.true_positives / cuts.back().true_positives,
         .precision = cut.true_positives / (cut.true_positives + cut.false_positives)});
  }
  return points;
}

int CalibrationBin(double score) {
  static const std::array<double, kCalibrationBins - 1> inner_edges = [] {
    std::array<double, kCalibrationBins - 1> edges{};
    for (int i = 1; i < kCalibrationBins; ++i) edges[i - 1] = i * (1.0 / kCalibrationBins);
    return edges;
  }();
  return static_cast<int>(std::lower_bound(inner_edges.begin(), inner_edges.end(), score) -
                          inner_edges.begin());
}

std::vector<ReliabilityBin> ReliabilityCurve(std::span<const double> scores,
                                             std::span<const int> labels) {
  CheckScores(scores, labels);
  std::vector<ReliabilityBin> bins(kCalibrationBins);
  for (size_t i = 0; i < scores.size(); ++i) {
    if (scores[i] < 0 || scores[i] > 1) {
      throw Error("the score " + FormatFixed(scores[i], 3) + " is no probability");
    }
    ReliabilityBin& bin = bins[static_cast<size_t>(CalibrationBin(scores[i]))];
    ++bin.items;
    bin.mean_score += scores[i];
    bin.fake_share += labels[i];
  }
  std::vector<ReliabilityBin> filled;
  for (int b = 0; b < kCalibrationBins; ++b) {
    ReliabilityBin bin = bins[static_cast<size_t>(b)];
    if (bin.items == 0) continue;
    bin.bin = b;
    bin.mean_score /= bin.items;
    bin.fake_share /= bin.items;
    filled.push_back(bin);
  }
  return filled;
}

}  // namespace unmask
