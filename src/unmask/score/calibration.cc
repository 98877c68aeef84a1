#include "unmask/score/calibration.h"

#include <algorithm>
#include <cmath>
#include <functional>
#include <iterator>
#include <numbers>
#include <string>
#include <vector>

#include "unmask/base/error.h"

namespace unmask {
namespace {

void Check(std::span<const double> values, std::span<const int> labels) {
  if (values.empty()) throw Error("nothing to calibrate with");
  if (values.size() != labels.size()) {
    throw Error(std::to_string(values.size()) + " scores but " + std::to_string(labels.size()) +
                " labels");
  }
  if (!std::all_of(values.begin(), values.end(), [](double v) { return std::isfinite(v); })) {
    throw Error("a score is not a finite number");
  }
}

// ln(1 + e^x) without overflow.
double Softplus(double x) { return std::max(x, 0.0) + std::log1p(std::exp(-std::abs(x))); }

}  // namespace

double FitTemperature(std::span<const double> margins, std::span<const int> labels) {
  Check(margins, labels);
  const auto fakes = std::count(labels.begin(), labels.end(), 1);
  if (fakes == 0 || fakes == static_cast<int64_t>(labels.size())) {
    throw Error("a temperature needs real and fake items");
  }
  const auto loss = [&](double log_temperature) {
    const double inverse = std::exp(-log_temperature);
    double sum = 0;
    for (size_t i = 0; i < margins.size(); ++i) {
      const double margin = margins[i] * inverse;
      sum += Softplus(labels[i] == 1 ? -margin : margin);
    }
    return sum;
  };
  // The log loss is convex in 1 / T, so it has one valley: golden-section search.
  double low = std::log(0.05), high = std::log(100.0);
  const double step = 1 / std::numbers::phi;
  double a = high - step * (high - low), b = low + step * (high - low);
  double loss_a = loss(a), loss_b = loss(b);
  while (high - low > 1e-6) {
    if (loss_a <= loss_b) {
      high = b;
      b = a;
      loss_b = loss_a;
      a = high - step * (high - low);
      loss_a = loss(a);
    } else {
      low = a;
      a = b;
      loss_a = loss_b;
      b = low + step * (high - low);
      loss_b = loss(b);
    }
  }
  return std::exp((low + high) / 2);
}

size_t AllowedOf(double rate, size_t count) {
  return static_cast<size_t>(rate * static_cast<double>(count) + 1e-9);
}

double ThresholdForFalseAlarms(std::span<const double> scores, std::span<const int> labels,
                               double rate) {
  Check(scores, labels);
  if (!(rate >= 0 && rate <= 1)) throw Error("a rate of false alarms must lie in 0 … 1");
  std::vector<double> real;
  for (size_t i = 0; i < scores.size(); ++i) {
    if (labels[i] == 0) real.push_back(scores[i]);
  }
  if (real.empty()) throw Error("a rate of false alarms needs real items");
  std::sort(real.begin(), real.end(), std::greater<>());
  const size_t allowed = AllowedOf(rate, real.size());
  if (allowed >= real.size()) return 0.5;
  // real[allowed] must fall below the threshold, and with it all that are equal.
  const double must_pass = real[allowed];
  const auto equal = std::lower_bound(real.begin(), real.end(), must_pass, std::greater<>());
  const double above = equal == real.begin() ? 1.0 : *std::prev(equal);
  return std::max(0.5, must_pass + (above - must_pass) / 2);
}

}  // namespace unmask
