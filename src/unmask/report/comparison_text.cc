#include "unmask/report/comparison_text.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include "unmask/base/text.h"

namespace unmask {
namespace {

// With a sign, but for a number that reads as zero.
std::string Number(ComparedMeasure measure, double value, bool sign) {
  std::string text = MeasureNumber(measure, value);
  if (std::all_of(text.begin(), text.end(),
                  [](char c) { return c == '-' || c == '0' || c == '.'; })) {
    std::erase(text, '-');
    return text;
  }
  return sign && value > 0 ? "+" + text : text;
}

}  // namespace

std::string PText(double p) {
  if (std::isnan(p)) return "p unknown";
  return p < 0.001 ? "p < 0.001" : "p = " + FormatFixed(p, 3);
}

std::string MeasureNumber(ComparedMeasure measure, double value) {
  if (std::isnan(value)) return "–";
  return measure == ComparedMeasure::kLogLoss ? FormatFixed(value, 4) : FormatFixed(100 * value, 1);
}

std::string MeasureTitle(ComparedMeasure measure) {
  switch (measure) {
    case ComparedMeasure::kAccuracy:
      return "accuracy";
    case ComparedMeasure::kBalancedAccuracy:
      return "balanced accuracy";
    case ComparedMeasure::kAuc:
      return "AUC";
    case ComparedMeasure::kLogLoss:
      return "log loss";
  }
  return "";
}

std::string DifferenceText(ComparedMeasure measure, const std::string& subject,
                           const std::string& other, const PairedDifference& difference,
                           double alpha) {
  const std::string unit = measure == ComparedMeasure::kLogLoss ? "" : " points";
  const std::string title = MeasureTitle(measure) + ": " + subject;
  Interval interval = difference.interval;
  if (!(difference.p < alpha)) {
    std::string text = title + " cannot be told from " + other + ": " +
                       Number(measure, difference.difference, true) + unit;
    if (!std::isnan(interval.low)) {
      text += " (" + Number(measure, interval.low, false) + " … " +
              Number(measure, interval.high, false) + ")";
    }
    return text + ", " + PText(difference.p);
  }
  const bool better = (difference.difference > 0) == HigherIsBetter(measure);
  const double side = difference.difference > 0 ? 1 : -1;
  interval = {side * interval.low, side * interval.high};
  if (interval.low > interval.high) std::swap(interval.low, interval.high);
  return title + " is " + (better ? "better" : "worse") + " than " + other + " by " +
         Number(measure, side * difference.difference, false) + unit + " (" +
         Number(measure, interval.low, false) + " … " + Number(measure, interval.high, false) +
         "), " + PText(difference.p);
}

}  // namespace unmask
