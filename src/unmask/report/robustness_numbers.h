#pragma once

#include <optional>
#include <string>

#include "unmask/report/document.h"
#include "unmask/robustness/summary.h"

namespace unmask {

// How the texts, tables and figures of a robustness report write their numbers.

// Whether any file has a score at any level.
bool HasScores(const ConditionSummary& condition);

// "0.912", "–" where there is none.
std::string AucText(const std::optional<Measure>& auc);

// "4.2 %", "–" where there are no items.
std::string RateText(const Rate& rate);

// "0.85 … 0.95" and "1.2 … 9.8 %"; empty where there is none.
std::string IntervalText(const std::optional<Measure>& auc);
std::string IntervalText(const Rate& rate);

// The value with its interval below it.
TableCell CellOf(const std::optional<Measure>& auc);
TableCell CellOf(const Rate& rate);

}  // namespace unmask
