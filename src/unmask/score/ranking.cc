#include "unmask/score/ranking.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>
#include <string>

#include "unmask/base/error.h"

namespace unmask {

void CheckScores(std::span<const double> scores, std::span<const int> labels) {
  if (scores.empty()) throw Error("no scores to measure");
  if (scores.size() != labels.size()) {
    throw Error(std::to_string(scores.size()) + " scores but " + std::to_string(labels.size()) +
                " labels");
  }
  for (const int label : labels) {
    if (label != 0 && label != 1) {
      throw Error("label " + std::to_string(label) + " is neither 0 (real) nor 1 (fake)");
    }
  }
  for (const double score : scores) {
    if (!std::isfinite(score)) throw Error("a score is not a finite number");
  }
}

Ranking::Ranking(std::span<const double> scores, std::span<const int> labels) {
  CheckScores(scores, labels);
  order_.resize(scores.size());
  std::iota(order_.begin(), order_.end(), size_t{0});
  std::stable_sort(order_.begin(), order_.end(),
                   [&](size_t a, size_t b) { return scores[a] > scores[b]; });
  for (const size_t i : order_) {
    scores_.push_back(scores[i]);
    labels_.push_back(labels[i]);
  }
}

void Ranking::MakeCuts(std::span<const double> weights, std::vector<Cut>& cuts) const {
  cuts.clear();
  Cut cut{.threshold = std::numeric_limits<double>::infinity()};
  cuts.push_back(cut);
  for (size_t i = 0; i < order_.size(); ++i) {
    const double weight = weights.empty() ? 1 : weights[order_[i]];
    (labels_[i] == 1 ? cut.true_positives : cut.false_positives) += weight;
    if (i + 1 < order_.size() && scores_[i + 1] == scores_[i]) continue;
    cut.threshold = scores_[i];
    cuts.push_back(cut);
  }
}

std::vector<double> Ranking::ClassAreas(std::span<const double> weights,
                                        std::span<const size_t> classes, size_t count) const {
  // Of each class the weight of the fakes above the scores at hand, and of those among them; each
  // real item adds the former and half of the latter.
  std::vector<double> areas(count), above(count), among(count);
  double reals = 0;
  for (size_t i = 0; i < order_.size();) {
    double real = 0;
    std::fill(among.begin(), among.end(), 0);
    size_t end = i;
    for (; end < order_.size() && scores_[end] == scores_[i]; ++end) {
      const double weight = weights.empty() ? 1 : weights[order_[end]];
      (labels_[end] == 1 ? among[classes[order_[end]]] : real) += weight;
    }
    for (size_t c = 0; c < count; ++c) {
      areas[c] += real * (above[c] + among[c] / 2);
      above[c] += among[c];
    }
    reals += real;
    i = end;
  }
  for (size_t c = 0; c < count; ++c) {
    areas[c] = above[c] > 0 && reals > 0 ? areas[c] / (above[c] * reals)
                                         : std::numeric_limits<double>::quiet_NaN();
  }
  return areas;
}

double AreaUnderRoc(std::span<const Cut> cuts) {
  double area = 0;  // trapezoids, in units of pairs (fake, real): ties count one half
  for (size_t i = 1; i < cuts.size(); ++i) {
    area += (cuts[i].false_positives - cuts[i - 1].false_positives) *
            (cuts[i].true_positives + cuts[i - 1].true_positives) / 2;
  }
  return area / (cuts.back().true_positives * cuts.back().false_positives);
}

double AveragePrecision(std::span<const Cut> cuts) {
  double sum = 0;
  for (size_t i = 1; i < cuts.size(); ++i) {
    const double found = cuts[i].true_positives - cuts[i - 1].true_positives;
    if (found == 0) continue;
    sum += found * cuts[i].true_positives / (cuts[i].true_positives + cuts[i].false_positives);
  }
  return sum / cuts.back().true_positives;
}

double EqualErrorRate(std::span<const Cut> cuts) {
  const double fakes = cuts.back().true_positives;
  const double reals = cuts.back().false_positives;
  double false_alarms = 0, misses = 1;
  for (const Cut& cut : cuts) {
    const double next_alarms = cut.false_positives / reals;
    const double next_misses = 1 - cut.true_positives / fakes;
    if (next_alarms >= next_misses) {
      const double before = misses - false_alarms;  // > 0
      const double after = next_alarms - next_misses;
      return std::lerp(false_alarms, next_alarms, before / (before + after));
    }
    false_alarms = next_alarms;
    misses = next_misses;
  }
  return 1;  // not reached: the last cut misses nothing
}

double TruePositiveRateAt(std::span<const Cut> cuts, double false_positive_rate) {
  double best = 0;
  for (const Cut& cut : cuts) {
    if (cut.false_positives / cuts.back().false_positives > false_positive_rate) break;
    best = cut.true_positives / cuts.back().true_positives;
  }
  return best;
}

}  // namespace unmask
