#pragma once

#include <cstdint>
#include <span>
#include <vector>

namespace unmask {

// Throws Error unless there is at least one score, every score is finite, there are as many labels
// as scores and every label is 0 (real) or 1 (fake).
void CheckScores(std::span<const double> scores, std::span<const int> labels);

// What a threshold calls fake: the (weighted) number of fake and of real items with a score ≥ it.
struct Cut {
  double threshold = 0;
  double true_positives = 0;
  double false_positives = 0;
};

// Items sorted once by their score, so that measures of many weightings of them (a bootstrap) cost
// one pass each.
class Ranking {
 public:
  // `scores` are P(fake), `labels` 1 = fake. Throws Error as CheckScores() does.
  Ranking(std::span<const double> scores, std::span<const int> labels);

  // The cuts from nothing called fake (threshold infinity) to everything, one a distinct score, in
  // order of falling thresholds. `weights` {items}: how often each item counts, ≥ 0; empty: once.
  // Fills `cuts`, whose memory is used again.
  void MakeCuts(std::span<const double> weights, std::vector<Cut>& cuts) const;

  // The area under the ROC of the fakes of each class and all real items. `classes` {items}: a
  // number below `count`. Not a number for a class without fakes, and where nothing real counts.
  std::vector<double> ClassAreas(std::span<const double> weights, std::span<const size_t> classes,
                                 size_t count) const;

 private:
  std::vector<size_t> order_;  // items by falling score
  std::vector<double> scores_;
  std::vector<int> labels_;
};

// Measures of cuts that lie in Ranking's order and hold both classes (the last cut has both counts
// above 0). What they mean is said in metrics.h.
double AreaUnderRoc(std::span<const Cut> cuts);
double AveragePrecision(std::span<const Cut> cuts);
double EqualErrorRate(std::span<const Cut> cuts);
double TruePositiveRateAt(std::span<const Cut> cuts, double false_positive_rate);

}  // namespace unmask
