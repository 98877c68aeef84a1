#pragma once

#include <span>
#include <vector>

namespace unmask {

// Share of wrong answers among the `coverage` (share of all items) that are answered most surely.
struct RiskCoveragePoint {
  double coverage = 0;
  double risk = 0;
};

// The risk-coverage curve (El-Yaniv and Wiener, JMLR 2010): a point for every distinct confidence,
// from the highest on; the last is of all items. `wrong[i]` is 1 where the decision on item i is
// wrong. Throws Error for empty input, unequal lengths and confidences that are not numbers.
std::vector<RiskCoveragePoint> RiskCoverageCurve(std::span<const double> confidences,
                                                 std::span<const int> wrong);

// Mean risk over all numbers of answered items (AURC; Geifman et al., ICLR 2019); of items that are
// equally confident, each has its share of their errors. The share of wrong answers where
// confidences say nothing, lower where they do.
double AreaUnderRiskCoverage(std::span<const double> confidences, std::span<const int> wrong);

// How surely a score decides, −1 … 1: its distance from the threshold in relation to what there is
// room for on that side; 1 lower where there are other doubts, so that such items come after all
// others.
double Confidence(double score, double threshold, bool doubtful);

}  // namespace unmask
