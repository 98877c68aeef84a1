#include "unmask/report/robustness_numbers.h"

#include <algorithm>
#include <cmath>

#include "unmask/base/text.h"

namespace unmask {

bool HasScores(const ConditionSummary& condition) {
  return std::any_of(
      condition.levels.begin(), condition.levels.end(),
      [](const LevelSummary& level) { return level.false_alarms.items + level.found.items > 0; });
}

std::string AucText(const std::optional<Measure>& auc) {
  return auc ? FormatFixed(auc->value, 3) : "–";
}

std::string RateText(const Rate& rate) {
  return rate.items > 0 ? FormatFixed(100 * rate.share.value, 1) + " %" : "–";
}

std::string IntervalText(const std::optional<Measure>& auc) {
  if (!auc || std::isnan(auc->interval.low)) return "";
  return FormatFixed(auc->interval.low, 3) + " … " + FormatFixed(auc->interval.high, 3);
}

std::string IntervalText(const Rate& rate) {
  if (rate.items == 0) return "";
  return FormatFixed(100 * rate.share.interval.low, 1) + " … " +
         FormatFixed(100 * rate.share.interval.high, 1) + " %";
}

TableCell CellOf(const std::optional<Measure>& auc) { return {AucText(auc), IntervalText(auc)}; }

TableCell CellOf(const Rate& rate) { return {RateText(rate), IntervalText(rate)}; }

}  // namespace unmask
