#pragma once

#include <span>

namespace unmask {

// All of these take scores = P(fake) and labels (1 = fake, 0 = real) of equal length, and throw
// Error for empty input, unequal lengths, labels other than 0 and 1, and scores that are not
// finite. "Two classes": they also throw when one class is absent.

// Share of items whose decision (score ≥ threshold) is their label.
double Accuracy(std::span<const double> scores, std::span<const int> labels,
                double threshold = 0.5);

// Mean of the accuracies of the two classes. Two classes.
double BalancedAccuracy(std::span<const double> scores, std::span<const int> labels,
                        double threshold = 0.5);

// Area under the ROC curve as a rank statistic, ties counting one half (Mann–Whitney). Two classes.
double AreaUnderRoc(std::span<const double> scores, std::span<const int> labels);

// Σ (recall_n − recall_{n−1}) · precision_n over falling thresholds: the area under the
// precision-recall curve without interpolation, as scikit-learn's average_precision_score. Two
// classes.
double AveragePrecision(std::span<const double> scores, std::span<const int> labels);

// Where the rate of false alarms (real called fake) equals the rate of misses (fake called real):
// the ROC curve, its points joined by straight lines, crosses the falling diagonal there. Two
// classes.
double EqualErrorRate(std::span<const double> scores, std::span<const int> labels);

// The largest true-positive rate (share of the fake items called fake) of a threshold whose
// false-positive rate (share of the real items called fake) is at most `false_positive_rate`; no
// interpolation. With fewer than 1 / false_positive_rate real items that means no false alarm at
// all. Two classes.
double TruePositiveRateAt(std::span<const double> scores, std::span<const int> labels,
                          double false_positive_rate);

// Mean of −ln p(label), natural logarithm, with probabilities clipped to [1e-7, 1 − 1e-7].
double LogLoss(std::span<const double> scores, std::span<const int> labels);

// Mean of (score − label)² (Brier, 1950).
double BrierScore(std::span<const double> scores, std::span<const int> labels);

// Expected calibration error: over kCalibrationBins bins of equal width of the score, the mean,
// weighted by items, of |mean score − share of fake items| (Naeini et al., AAAI 2015; of P(fake),
// not of the winning class). Throws Error for scores outside [0, 1].
double CalibrationError(std::span<const double> scores, std::span<const int> labels);

// What LogLoss() is the mean of.
double LogLossOf(double score, int label);

}  // namespace unmask
