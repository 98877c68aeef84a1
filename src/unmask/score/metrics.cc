#include "unmask/score/metrics.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <numeric>
#include <string>

#include "unmask/base/error.h"
#include "unmask/base/random.h"

namespace unmask {
namespace {

void Check(std::span<const double> scores, std::span<const int> labels) {
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

// Items and correct decisions of each class.
struct Tally {
  double items[2] = {0, 0};
  double correct[2] = {0, 0};
};

Tally Count(std::span<const double> scores, std::span<const int> labels, double threshold) {
  Check(scores, labels);
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
  Check(scores, labels);
  std::vector<size_t> order(scores.size());
  std::iota(order.begin(), order.end(), size_t{0});
  std::sort(order.begin(), order.end(), [&](size_t a, size_t b) { return scores[a] < scores[b]; });
  double rank_sum = 0;
  double fakes = 0;
  for (size_t begin = 0; begin < order.size();) {
    size_t end = begin;
    while (end < order.size() && scores[order[end]] == scores[order[begin]]) ++end;
    const double mean_rank = (static_cast<double>(begin) + static_cast<double>(end) + 1) / 2;
    for (size_t i = begin; i < end; ++i) {
      if (labels[order[i]] == 1) {
        rank_sum += mean_rank;
        ++fakes;
      }
    }
    begin = end;
  }
  const double reals = static_cast<double>(scores.size()) - fakes;
  if (fakes == 0 || reals == 0) ThrowOneClass("the area under the ROC curve");
  return (rank_sum - fakes * (fakes + 1) / 2) / (fakes * reals);
}

double LogLoss(std::span<const double> scores, std::span<const int> labels) {
  Check(scores, labels);
  constexpr double kClip = 1e-7;
  double sum = 0;
  for (size_t i = 0; i < scores.size(); ++i) {
    const double p = std::clamp(scores[i], kClip, 1 - kClip);
    sum -= std::log(labels[i] == 1 ? p : 1 - p);
  }
  return sum / static_cast<double>(scores.size());
}

Interval BootstrapInterval(std::span<const double> scores, std::span<const int> labels,
                           std::span<const int> groups, Metric metric, double level, int resamples,
                           uint64_t seed) {
  Check(scores, labels);
  if (groups.size() != scores.size()) {
    throw Error(std::to_string(scores.size()) + " scores but " + std::to_string(groups.size()) +
                " groups");
  }
  if (!(level > 0 && level < 1) || resamples < 1) {
    throw Error("a bootstrap needs a level in (0, 1) and at least one resample");
  }
  metric(scores, labels);  // undefined on the whole: undefined on every resample
  std::map<int, std::vector<size_t>> members;
  for (size_t i = 0; i < groups.size(); ++i) members[groups[i]].push_back(i);
  std::vector<const std::vector<size_t>*> choices;
  for (const auto& [group, items] : members) choices.push_back(&items);

  Random random(DeriveSeed(seed, "bootstrap"));
  std::vector<double> values;
  std::vector<double> drawn_scores;
  std::vector<int> drawn_labels;
  int undefined = 0;
  while (static_cast<int>(values.size()) < resamples) {
    drawn_scores.clear();
    drawn_labels.clear();
    for (size_t draw = 0; draw < choices.size(); ++draw) {
      const auto count = static_cast<int64_t>(choices.size());
      for (const size_t i : *choices[static_cast<size_t>(UniformInt(random, count))]) {
        drawn_scores.push_back(scores[i]);
        drawn_labels.push_back(labels[i]);
      }
    }
    try {
      values.push_back(metric(drawn_scores, drawn_labels));
    } catch (const Error&) {
      if (++undefined > 100 * resamples) {
        throw Error("the metric is undefined on nearly every resample: too few groups");
      }
    }
  }
  std::sort(values.begin(), values.end());
  // Linear interpolation between order statistics.
  const auto quantile = [&](double q) {
    const double position = q * static_cast<double>(values.size() - 1);
    const auto lower = static_cast<size_t>(position);
    const size_t upper = std::min(lower + 1, values.size() - 1);
    return std::lerp(values[lower], values[upper], position - static_cast<double>(lower));
  };
  return {quantile((1 - level) / 2), quantile((1 + level) / 2)};
}

}  // namespace unmask
