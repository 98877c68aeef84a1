#pragma once

#include <algorithm>
#include <cmath>

namespace unmask {

inline double Sigmoid(double log_odds) { return 1 / (1 + std::exp(-log_odds)); }

// The log odds of a probability; finite also of 0 and 1, which are kept 1e-16 away.
inline double LogOdds(double probability) {
  constexpr double kLeast = 1e-16;
  return std::log(std::max(probability, kLeast)) - std::log(std::max(1 - probability, kLeast));
}

// The threshold that decides at temperature `to` as `threshold` does at temperature `from`. 0 and 1
// stay.
inline double MoveThreshold(double threshold, double from, double to) {
  if (threshold <= 0 || threshold >= 1) return threshold;
  return Sigmoid(LogOdds(threshold) * from / to);
}

}  // namespace unmask
