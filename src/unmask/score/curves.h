#pragma once

#include <span>
#include <vector>

namespace unmask {

// Curves of scores = P(fake) and labels (1 = fake) as points to plot. All throw Error for empty
// input, unequal lengths, labels other than 0 and 1 and scores that are not finite.

struct RocPoint {
  double threshold = 0;  // infinity at the first point, where nothing is called fake
  double false_positive_rate = 0;
  double true_positive_rate = 0;
};

// From (0, 0) to (1, 1), a point for every distinct score, as scikit-learn's roc_curve with
// drop_intermediate=False. Throws Error when one class is absent.
std::vector<RocPoint> RocCurve(std::span<const double> scores, std::span<const int> labels);

struct PrecisionRecallPoint {
  double threshold = 0;
  double recall = 0;
  double precision = 0;
};

// A point for every distinct score, by falling thresholds, so by rising recall: scikit-learn's
// precision_recall_curve backwards, without the point (0, 1) that it adds. Throws Error when
// nothing is fake.
std::vector<PrecisionRecallPoint> PrecisionRecallCurve(std::span<const double> scores,
                                                       std::span<const int> labels);

// Bins of equal width of calibration measures, as in Guo et al., ICML 2017.
inline constexpr int kCalibrationBins = 15;

// The bin, 0 … kCalibrationBins − 1, of a score in [0, 1]. A bin holds its upper end and not its
// lower one, but for the first, which holds 0 (as scikit-learn's calibration_curve).
int CalibrationBin(double score);

struct ReliabilityBin {
  int bin = 0;
  double items = 0;
  double mean_score = 0;
  double fake_share = 0;
};

// The bins that hold an item. Throws Error for a score outside [0, 1].
std::vector<ReliabilityBin> ReliabilityCurve(std::span<const double> scores,
                                             std::span<const int> labels);

}  // namespace unmask
