#include "unmask/score/normal_range.h"

#include <algorithm>
#include <cmath>
#include <numbers>
#include <string>

#include "unmask/base/error.h"

namespace unmask {
namespace {

double Density(double z) { return std::exp(-z * z / 2) / std::sqrt(2 * std::numbers::pi); }

// P(low < Z < high), without cancellation in the tails.
double Between(double low, double high) {
  const auto above = [](double z) { return std::erfc(z / std::numbers::sqrt2) / 2; };
  return low >= 0 ? above(low) - above(high) : above(-high) - above(-low);
}

void CheckCount(size_t count) {
  if (count < 2 || count > 1000) {
    throw Error("the range of " + std::to_string(count) + " values is not known: 2 … 1000");
  }
}

}  // namespace

double NormalRangeCdf(size_t count, double range) {
  CheckCount(count);
  if (!(range > 0)) return 0;
  // count · ∫ φ(z) · P(z − range < Z < z)^(count − 1) dz: z is the largest value. The integrand is
  // smooth and vanishes at both ends, where the trapezoidal rule converges exponentially.
  constexpr int kSteps = 1152;
  constexpr double kLimit = 9, kStep = 2 * kLimit / kSteps;
  const auto n = static_cast<double>(count);
  double sum = 0;
  for (int i = 0; i <= kSteps; ++i) {
    const double z = -kLimit + i * kStep;
    sum += Density(z) * std::pow(Between(z - range, z), n - 1);
  }
  return std::min(1.0, n * sum * kStep);
}

double NormalRangeQuantile(size_t count, double probability) {
  CheckCount(count);
  if (!(probability > 0 && probability < 1)) throw Error("a probability must lie in 0 … 1");
  double low = 0, high = 20;
  while (high - low > 1e-12 * high) {
    const double middle = (low + high) / 2;
    if (middle <= low || middle >= high) break;
    (NormalRangeCdf(count, middle) < probability ? low : high) = middle;
  }
  return (low + high) / 2;
}

}  // namespace unmask
