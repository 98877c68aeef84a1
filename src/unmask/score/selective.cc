#include "unmask/score/selective.h"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "unmask/base/error.h"

namespace unmask {
namespace {

struct Group {  // items of one confidence
  size_t items = 0;
  size_t wrong = 0;
};

std::vector<Group> GroupsByConfidence(std::span<const double> confidences,
                                      std::span<const int> wrong) {
  if (confidences.empty() || confidences.size() != wrong.size()) {
    throw Error("risk and coverage need confidences, and as many decisions");
  }
  for (const double confidence : confidences) {
    if (std::isnan(confidence)) throw Error("a confidence is not a number");
  }
  std::vector<size_t> order(confidences.size());
  std::iota(order.begin(), order.end(), size_t{0});
  std::stable_sort(order.begin(), order.end(),
                   [&](size_t a, size_t b) { return confidences[a] > confidences[b]; });
  std::vector<Group> groups;
  for (size_t i = 0; i < order.size(); ++i) {
    if (i == 0 || confidences[order[i]] != confidences[order[i - 1]]) groups.emplace_back();
    ++groups.back().items;
    groups.back().wrong += wrong[order[i]] != 0 ? 1 : 0;
  }
  return groups;
}

}  // namespace

std::vector<RiskCoveragePoint> RiskCoverageCurve(std::span<const double> confidences,
                                                 std::span<const int> wrong) {
  const auto all = static_cast<double>(confidences.size());
  std::vector<RiskCoveragePoint> curve;
  size_t answered = 0, errors = 0;
  for (const Group& group : GroupsByConfidence(confidences, wrong)) {
    answered += group.items;
    errors += group.wrong;
    curve.push_back({static_cast<double>(answered) / all,
                     static_cast<double>(errors) / static_cast<double>(answered)});
  }
  return curve;
}

double AreaUnderRiskCoverage(std::span<const double> confidences, std::span<const int> wrong) {
  double sum = 0, answered = 0, errors = 0;
  for (const Group& group : GroupsByConfidence(confidences, wrong)) {
    const double rate = static_cast<double>(group.wrong) / static_cast<double>(group.items);
    for (size_t i = 0; i < group.items; ++i) {
      answered += 1;
      errors += rate;
      sum += errors / answered;
    }
  }
  return sum / answered;
}

double Confidence(double score, double threshold, bool doubtful) {
  const bool fake = score >= threshold;
  const double room = fake ? 1 - threshold : threshold;
  const double sure = room > 0 ? std::abs(score - threshold) / room : 1;
  return doubtful ? sure - 1 : sure;
}

}  // namespace unmask
