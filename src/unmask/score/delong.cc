#include "unmask/score/delong.h"

#include <algorithm>
#include <boost/math/distributions/normal.hpp>
#include <cmath>
#include <limits>
#include <numeric>
#include <string>
#include <vector>

#include "unmask/base/error.h"
#include "unmask/score/bootstrap.h"
#include "unmask/score/ranking.h"

namespace unmask {
namespace {

constexpr double kUndefined = std::numeric_limits<double>::quiet_NaN();

// What an item contributes to the AUC: of a fake one, the share of the real ones that score less
// (ties one half); of a real one, the share of the fake ones that score more. Both classes' means
// are the AUC.
struct Placements {
  std::vector<double> value;  // {items}
  double auc = 0;
};

Placements Place(std::span<const double> scores, std::span<const int> labels) {
  std::vector<size_t> order(scores.size());
  std::iota(order.begin(), order.end(), size_t{0});
  std::sort(order.begin(), order.end(), [&](size_t a, size_t b) { return scores[a] < scores[b]; });
  double items[2] = {0, 0};
  for (const int label : labels) ++items[label];
  Placements placements{.value = std::vector<double>(scores.size())};
  double below[2] = {0, 0};  // items of either class with a lower score
  for (size_t begin = 0; begin < order.size();) {
    size_t end = begin;
    double equal[2] = {0, 0};
    for (; end < order.size() && scores[order[end]] == scores[order[begin]]; ++end) {
      ++equal[labels[order[end]]];
    }
    for (size_t k = begin; k < end; ++k) {
      const int label = labels[order[k]];
      const int other = 1 - label;
      const double share = (below[other] + equal[other] / 2) / items[other];
      placements.value[order[k]] = label == 1 ? share : 1 - share;
    }
    below[0] += equal[0];
    below[1] += equal[1];
    begin = end;
  }
  for (size_t i = 0; i < labels.size(); ++i) {
    if (labels[i] == 1) placements.auc += placements.value[i] / items[1];
  }
  return placements;
}

// The groups of the items; every item its own where none are given.
struct Grouping {
  std::vector<size_t> of_item;
  size_t count = 0;
};

Grouping GroupItems(std::span<const int> groups, size_t items) {
  Grouping grouping;
  if (!groups.empty()) {
    grouping.of_item = NumberGroups(groups, grouping.count);
    return grouping;
  }
  grouping.of_item.resize(items);
  std::iota(grouping.of_item.begin(), grouping.of_item.end(), size_t{0});
  grouping.count = items;
  return grouping;
}

// The sums, over the items of a group and of a class, of their placements' distance from the AUC.
std::vector<double> Residuals(const Placements& placements, std::span<const int> labels, int label,
                              const Grouping& groups) {
  std::vector<double> sums(groups.count, 0);
  for (size_t i = 0; i < labels.size(); ++i) {
    if (labels[i] == label) sums[groups.of_item[i]] += placements.value[i] - placements.auc;
  }
  return sums;
}

double Dot(const std::vector<double>& a, const std::vector<double>& b) {
  return std::inner_product(a.begin(), a.end(), b.begin(), 0.0);
}

// Obuchowski's covariance of two AUCs; the variance of one where a is b. With one item a group the
// mixed terms are 0 and the rest is DeLong's.
double Covariance(const Placements& a, const Placements& b, std::span<const int> labels,
                  const Grouping& groups) {
  double items[2] = {0, 0};
  std::vector<bool> holds[2] = {std::vector<bool>(groups.count), std::vector<bool>(groups.count)};
  for (size_t i = 0; i < labels.size(); ++i) {
    ++items[labels[i]];
    holds[labels[i]][groups.of_item[i]] = true;
  }
  std::vector<double> of_a[2], of_b[2];
  double covariance = 0;
  for (const int label : {0, 1}) {
    of_a[label] = Residuals(a, labels, label, groups);
    of_b[label] = Residuals(b, labels, label, groups);
    const auto n = static_cast<double>(std::count(holds[label].begin(), holds[label].end(), true));
    if (n < 2) return kUndefined;
    covariance += n / (n - 1) * Dot(of_a[label], of_b[label]) / (items[label] * items[label]);
  }
  const auto n = static_cast<double>(groups.count);
  const double mixed = Dot(of_a[0], of_b[1]) + Dot(of_a[1], of_b[0]);
  return covariance + n / (n - 1) * mixed / (items[0] * items[1]);
}

void Check(std::span<const double> scores, std::span<const int> labels,
           std::span<const int> groups) {
  CheckScores(scores, labels);
  if (!groups.empty() && groups.size() != scores.size()) {
    throw Error(std::to_string(scores.size()) + " scores but " + std::to_string(groups.size()) +
                " groups");
  }
  const auto fakes = std::count(labels.begin(), labels.end(), 1);
  if (fakes == 0 || fakes == static_cast<int64_t>(labels.size())) {
    throw Error("the area under the ROC curve is not defined: all items are of one class");
  }
}

// Residuals that should be 0 are of the order of 1e-13 at most, among a hundred thousand items.
double WithoutRounding(double covariance) { return std::abs(covariance) < 1e-26 ? 0 : covariance; }

// Groups of very unequal make can bring the estimate of a variance near 0 below it.
double Variance(const Placements& placements, std::span<const int> labels, const Grouping& groups) {
  const double variance = Covariance(placements, placements, labels, groups);
  return std::isnan(variance) ? variance : std::max(0.0, WithoutRounding(variance));
}

}  // namespace

AucVariance DeLongVariance(std::span<const double> scores, std::span<const int> labels,
                           std::span<const int> groups) {
  Check(scores, labels, groups);
  const Placements placements = Place(scores, labels);
  const Grouping grouping = GroupItems(groups, labels.size());
  return {placements.auc, Variance(placements, labels, grouping)};
}

AucComparison CompareAucs(std::span<const double> scores_a, std::span<const double> scores_b,
                          std::span<const int> labels, std::span<const int> groups, double level) {
  Check(scores_a, labels, groups);
  Check(scores_b, labels, groups);
  if (!(level > 0 && level < 1)) throw UsageError("the level of an interval must lie in 0 … 1");
  const Placements a = Place(scores_a, labels), b = Place(scores_b, labels);
  const Grouping grouping = GroupItems(groups, labels.size());
  AucComparison result;
  result.a = {a.auc, Variance(a, labels, grouping)};
  result.b = {b.auc, Variance(b, labels, grouping)};
  result.covariance = WithoutRounding(Covariance(a, b, labels, grouping));
  result.difference = a.auc - b.auc;
  // The variance of the difference from the differences of the placements: exactly 0 where both
  // rank alike, which the difference of three numbers is not.
  Placements between{.value = a.value, .auc = result.difference};
  for (size_t i = 0; i < between.value.size(); ++i) between.value[i] -= b.value[i];
  result.standard_error = std::sqrt(Variance(between, labels, grouping));
  if (result.standard_error > 0) {
    const boost::math::normal standard;
    const double half = boost::math::quantile(standard, (1 + level) / 2) * result.standard_error;
    result.z = result.difference / result.standard_error;
    result.p = 2 * boost::math::cdf(boost::math::complement(standard, std::abs(result.z)));
    result.interval = {result.difference - half, result.difference + half};
  } else if (result.standard_error == 0 && std::abs(result.difference) < 1e-12) {
    result.interval = {0, 0};
  } else {
    result.z = result.p = kUndefined;
    result.interval = {kUndefined, kUndefined};
  }
  return result;
}

}  // namespace unmask
