#pragma once

#include <cstdint>
#include <span>
#include <vector>

namespace unmask {

// All of these take scores = P(fake) and labels (1 = fake, 0 = real) of equal length, and throw
// Error for empty input, unequal lengths, labels other than 0 and 1, and scores that are not
// finite.

// Share of items whose decision (score ≥ threshold) is their label.
double Accuracy(std::span<const double> scores, std::span<const int> labels,
                double threshold = 0.5);

// Mean of the accuracies of the two classes. Throws Error when one class is absent.
double BalancedAccuracy(std::span<const double> scores, std::span<const int> labels,
                        double threshold = 0.5);

// Area under the ROC curve as a rank statistic, ties counting one half (Mann–Whitney). Throws Error
// when one class is absent.
double AreaUnderRoc(std::span<const double> scores, std::span<const int> labels);

// Mean of −ln p(label), natural logarithm, with probabilities clipped to [1e-7, 1 − 1e-7].
double LogLoss(std::span<const double> scores, std::span<const int> labels);

struct Interval {
  double low = 0;
  double high = 0;
};

// Percentile bootstrap of `metric` over groups (videos, or identities when several videos share
// one): groups[i] is the group of item i. Resamples in which the metric is undefined are drawn
// again. `level` e.g. 0.95.
using Metric = double (*)(std::span<const double>, std::span<const int>);
Interval BootstrapInterval(std::span<const double> scores, std::span<const int> labels,
                           std::span<const int> groups, Metric metric, double level = 0.95,
                           int resamples = 2000, uint64_t seed = 1);

}  // namespace unmask
