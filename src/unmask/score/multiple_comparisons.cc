#include "unmask/score/multiple_comparisons.h"

#include <algorithm>
#include <boost/math/distributions/chi_squared.hpp>
#include <boost/math/distributions/fisher_f.hpp>
#include <cmath>
#include <limits>
#include <numeric>
#include <string>

#include "unmask/base/error.h"
#include "unmask/score/normal_range.h"

namespace unmask {
namespace {

// The places of the p values that are numbers, by rising p.
std::vector<size_t> Ascending(std::span<const double> p_values) {
  std::vector<size_t> order;
  for (size_t i = 0; i < p_values.size(); ++i) {
    if (std::isnan(p_values[i])) continue;
    if (!(p_values[i] >= 0 && p_values[i] <= 1)) throw Error("a p value must lie in 0 … 1");
    order.push_back(i);
  }
  std::stable_sort(order.begin(), order.end(),
                   [&](size_t a, size_t b) { return p_values[a] < p_values[b]; });
  return order;
}

// The ranks of the values, 1 the first of `better`; equal ones share the mean. Adds Σ (t³ − t) over
// ties of t to `ties`.
std::vector<double> Ranks(const std::vector<double>& values, bool higher_is_better, double& ties) {
  std::vector<size_t> order(values.size());
  std::iota(order.begin(), order.end(), size_t{0});
  std::sort(order.begin(), order.end(), [&](size_t a, size_t b) {
    return higher_is_better ? values[a] > values[b] : values[a] < values[b];
  });
  std::vector<double> ranks(values.size());
  for (size_t begin = 0; begin < order.size();) {
    size_t end = begin;
    while (end < order.size() && values[order[end]] == values[order[begin]]) ++end;
    const double rank = static_cast<double>(begin + 1 + end) / 2;
    for (size_t k = begin; k < end; ++k) ranks[order[k]] = rank;
    const auto t = static_cast<double>(end - begin);
    ties += t * t * t - t;
    begin = end;
  }
  return ranks;
}

void CheckTable(size_t methods, size_t blocks) {
  if (methods < 2) throw Error("ranks are compared of two methods at least");
  if (blocks < 2) {
    throw Error("ranks are compared over two blocks at least",
                "Judge the methods on more data sets, qualities or classes");
  }
}

// The standard error of a difference of two average ranks.
double RankScale(size_t methods, size_t blocks) {
  const auto k = static_cast<double>(methods);
  return std::sqrt(k * (k + 1) / (6 * static_cast<double>(blocks)));
}

}  // namespace

std::vector<double> AdjustHolm(std::span<const double> p_values) {
  const std::vector<size_t> order = Ascending(p_values);
  std::vector<double> adjusted(p_values.begin(), p_values.end());
  double largest = 0;
  for (size_t k = 0; k < order.size(); ++k) {
    const auto left = static_cast<double>(order.size() - k);
    largest = std::max(largest, std::min(1.0, left * p_values[order[k]]));
    adjusted[order[k]] = largest;
  }
  return adjusted;
}

std::vector<double> AdjustBenjaminiHochberg(std::span<const double> p_values) {
  const std::vector<size_t> order = Ascending(p_values);
  std::vector<double> adjusted(p_values.begin(), p_values.end());
  double smallest = 1;
  for (size_t k = order.size(); k-- > 0;) {
    const double scale = static_cast<double>(order.size()) / static_cast<double>(k + 1);
    smallest = std::min(smallest, scale * p_values[order[k]]);
    adjusted[order[k]] = smallest;
  }
  return adjusted;
}

FriedmanTest RunFriedmanTest(const std::vector<std::vector<double>>& values,
                             bool higher_is_better) {
  FriedmanTest test;
  test.methods = values.size();
  test.blocks = values.empty() ? 0 : values[0].size();
  CheckTable(test.methods, test.blocks);
  for (const std::vector<double>& of_method : values) {
    if (of_method.size() != test.blocks) throw Error("a method lacks the value of a block");
    if (std::any_of(of_method.begin(), of_method.end(), [](double v) { return std::isnan(v); })) {
      throw Error("a value of a method is not a number");
    }
  }
  const auto k = static_cast<double>(test.methods), n = static_cast<double>(test.blocks);
  test.average_ranks.assign(test.methods, 0);
  double ties = 0;
  for (size_t b = 0; b < test.blocks; ++b) {
    std::vector<double> block;
    for (const std::vector<double>& of_method : values) block.push_back(of_method[b]);
    const std::vector<double> ranks = Ranks(block, higher_is_better, ties);
    for (size_t m = 0; m < test.methods; ++m) test.average_ranks[m] += ranks[m] / n;
  }
  const double untied = 1 - ties / (n * k * (k * k - 1));
  if (untied < 1e-12) return test;  // equal everywhere
  double spread = 0;
  for (const double rank : test.average_ranks)
    spread += (rank - (k + 1) / 2) * (rank - (k + 1) / 2);
  test.chi_squared = 12 * n / (k * (k + 1)) * spread / untied;
  test.p_chi_squared =
      boost::math::cdf(boost::math::complement(boost::math::chi_squared(k - 1), test.chi_squared));
  const double room = n * (k - 1) - test.chi_squared;
  if (room < 1e-9 * n * k) {  // the same order on every block
    test.f = std::numeric_limits<double>::infinity();
    test.p_f = 0;
    return test;
  }
  test.f = (n - 1) * test.chi_squared / room;
  test.p_f = boost::math::cdf(
      boost::math::complement(boost::math::fisher_f(k - 1, (k - 1) * (n - 1)), test.f));
  return test;
}

double NemenyiCriticalDifference(size_t methods, size_t blocks, double alpha) {
  CheckTable(methods, blocks);
  return NormalRangeQuantile(methods, 1 - alpha) / std::sqrt(2.0) * RankScale(methods, blocks);
}

double NemenyiP(double rank_difference, size_t methods, size_t blocks) {
  CheckTable(methods, blocks);
  const double range = std::abs(rank_difference) / RankScale(methods, blocks) * std::sqrt(2.0);
  return std::clamp(1 - NormalRangeCdf(methods, range), 0.0, 1.0);
}

std::vector<std::vector<size_t>> RankCliques(std::span<const double> average_ranks,
                                             double critical_difference) {
  std::vector<size_t> order(average_ranks.size());
  std::iota(order.begin(), order.end(), size_t{0});
  std::stable_sort(order.begin(), order.end(),
                   [&](size_t a, size_t b) { return average_ranks[a] < average_ranks[b]; });
  std::vector<std::vector<size_t>> cliques;
  size_t reached = 0;  // end of the last set: one that ends no later lies within it
  for (size_t begin = 0; begin < order.size(); ++begin) {
    size_t end = begin + 1;
    while (end < order.size() &&
           average_ranks[order[end]] - average_ranks[order[begin]] < critical_difference) {
      ++end;
    }
    if (end - begin < 2 || end <= reached) continue;
    cliques.emplace_back(order.begin() + static_cast<std::ptrdiff_t>(begin),
                         order.begin() + static_cast<std::ptrdiff_t>(end));
    reached = end;
  }
  return cliques;
}

}  // namespace unmask
