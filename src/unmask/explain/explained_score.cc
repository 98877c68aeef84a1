#include "unmask/explain/explained_score.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "unmask/base/text.h"

namespace unmask {
namespace {

constexpr std::string_view kNames[] = {"margin", "fake", "real"};  // in the order of the enum

// log Σ e^z over the classes that are not fake, and the share of each in the sum.
double LogSum(std::span<const double> logits, size_t fake, std::vector<double>& shares) {
  double largest = -std::numeric_limits<double>::infinity(), sum = 0;
  for (size_t i = 0; i < logits.size(); ++i) {
    if (i != fake) largest = std::max(largest, logits[i]);
  }
  shares.assign(logits.size(), 0);
  for (size_t i = 0; i < logits.size(); ++i) {
    if (i != fake) sum += shares[i] = std::exp(logits[i] - largest);
  }
  for (double& share : shares) share /= sum;
  return largest + std::log(sum);
}

}  // namespace

ExplainedTarget ExplainedTargetFromName(std::string_view name) {
  for (size_t i = 0; i < std::size(kNames); ++i) {
    if (name == kNames[i]) return static_cast<ExplainedTarget>(i);
  }
  ThrowUnknownName("target", name, {std::begin(kNames), std::end(kNames)});
}

std::string_view NameOf(ExplainedTarget target) { return kNames[static_cast<size_t>(target)]; }

double ExplainedScore::Value(std::span<const double> logits) const {
  if (logits.size() == 1) {
    const double two[] = {0, logits[0]};
    return Value(two);
  }
  const auto fake = static_cast<size_t>(fake_class);
  std::vector<double> shares;
  const double others = LogSum(logits, fake, shares);
  switch (target) {
    case ExplainedTarget::kFake:
      return logits[fake];
    case ExplainedTarget::kReal:
      return others;
    case ExplainedTarget::kMargin:
      break;
  }
  return logits[fake] - others;
}

std::vector<double> ExplainedScore::Gradient(std::span<const double> logits) const {
  if (logits.size() == 1) {
    const double two[] = {0, logits[0]};
    return {Gradient(two)[1]};
  }
  const auto fake = static_cast<size_t>(fake_class);
  std::vector<double> gradient;
  LogSum(logits, fake, gradient);
  switch (target) {
    case ExplainedTarget::kFake:
      std::fill(gradient.begin(), gradient.end(), 0);
      gradient[fake] = 1;
      break;
    case ExplainedTarget::kReal:
      break;
    case ExplainedTarget::kMargin:
      for (double& value : gradient) value = -value;
      gradient[fake] = 1;
      break;
  }
  return gradient;
}

}  // namespace unmask
