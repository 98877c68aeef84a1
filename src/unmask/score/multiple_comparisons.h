#pragma once

#include <cstddef>
#include <span>
#include <vector>

namespace unmask {

// Adjusted p values, in the order of the p values given: compare them with the error rate itself.
// As R's p.adjust: what is not a number stays so and does not count. Throw Error for others that do
// not lie in 0 … 1.

// Controls the chance of one false discovery or more (Holm, Scandinavian Journal of Statistics 6,
// 1979).
std::vector<double> AdjustHolm(std::span<const double> p_values);

// Controls the expected share of false ones among the discoveries (Benjamini and Hochberg, Journal
// of the Royal Statistical Society B 57, 1995); for independent or positively dependent tests.
std::vector<double> AdjustBenjaminiHochberg(std::span<const double> p_values);

// Do the methods differ, judged by their ranks on every block (data set, quality, class)? Friedman
// (1937) with the correction for ties, and Iman and Davenport's less conservative F (1980).
struct FriedmanTest {
  size_t methods = 0;
  size_t blocks = 0;
  std::vector<double> average_ranks;  // {methods}; 1 = best; equal values share the mean rank
  double chi_squared = 0;             // methods − 1 degrees of freedom
  double p_chi_squared = 1;
  double f = 0;  // methods − 1 and (methods − 1)(blocks − 1) degrees of freedom; may be infinite
  double p_f = 1;
};

// `values` {methods, blocks}. Where all methods are equal on every block nothing differs:
// statistics 0, p 1. Throws Error with fewer than two methods or blocks, for unequal lengths and
// for values that are not numbers.
FriedmanTest RunFriedmanTest(const std::vector<std::vector<double>>& values, bool higher_is_better);

// How far two average ranks must lie apart to differ at the error rate `alpha` (0 … 1) over all
// pairs: q_alpha · √(k (k + 1) / 6n), for k methods and n blocks, q_alpha being the quantile of
// the studentised range divided by √2 (Nemenyi, 1963; Demšar, Journal of Machine Learning Research
// 7, 2006). Throws Error with fewer than two methods or blocks.
double NemenyiCriticalDifference(size_t methods, size_t blocks, double alpha = 0.05);

// The p value of a difference of two average ranks by the same test, already adjusted for all
// pairs.
double NemenyiP(double rank_difference, size_t methods, size_t blocks);

// Methods, in order of rising rank, of which no two differ by `critical_difference` or more: the
// bars of a critical-difference diagram. Only the largest such sets, of two methods at least.
std::vector<std::vector<size_t>> RankCliques(std::span<const double> average_ranks,
                                             double critical_difference);

}  // namespace unmask
