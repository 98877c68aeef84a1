#pragma once

#include <span>

#include "unmask/score/evaluation.h"

namespace unmask {

// The variance of areas under the ROC curve without resampling: DeLong, DeLong and Clarke-Pearson
// (Biometrics 44, 1988), computed from ranks as Sun and Xu do (IEEE Signal Processing Letters 21,
// 2014), in O(n log n). With `groups`, items that share a number are not taken for independent
// (Obuchowski, Biometrics 53, 1997): a person of whom there are several videos, a clip and its
// fakes. Without groups, or when every group has one item, that is DeLong's estimate exactly.
//
// Common to all: scores are P(fake), labels 1 = fake and 0 = real, groups {items} or empty. They
// throw Error as AreaUnderRoc() does and for lists of unequal lengths.

// Not a number where a class has fewer than two items (with groups: lies in fewer than two groups).
// 0 where the classes are fully apart (AUC 0 or 1): the estimate then knows no doubt, which is no
// proof that there is none.
struct AucVariance {
  double auc = 0;
  double variance = 0;
};

AucVariance DeLongVariance(std::span<const double> scores, std::span<const int> labels,
                           std::span<const int> groups = {});

// Two scorings of the same items. The z test's hypothesis is that both have the same AUC.
struct AucComparison {
  AucVariance a;
  AucVariance b;
  double covariance = 0;
  double difference = 0;      // AUC of a minus AUC of b
  double standard_error = 0;  // of the difference
  Interval interval;          // of the difference, by the normal distribution
  double z = 0;               // difference / standard_error
  double p = 1;               // two-sided
};

// Scorings that rank alike give z = 0, p = 1. Where the difference is not 0 but its variance is (a
// perfect scoring and one that is constant, say), and where a variance is not a number, z, p and
// the interval are not numbers: the method has no answer. `level` in (0, 1).
AucComparison CompareAucs(std::span<const double> scores_a, std::span<const double> scores_b,
                          std::span<const int> labels, std::span<const int> groups = {},
                          double level = 0.95);

}  // namespace unmask
