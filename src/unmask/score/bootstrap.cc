#include "unmask/score/bootstrap.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <map>
#include <string>

#include "unmask/base/error.h"

namespace unmask {
namespace {

// Linear interpolation between order statistics.
double Quantile(const std::vector<double>& sorted, double q) {
  const double position = q * static_cast<double>(sorted.size() - 1);
  const auto lower = static_cast<size_t>(position);
  const size_t upper = std::min(lower + 1, sorted.size() - 1);
  return std::lerp(sorted[lower], sorted[upper], position - static_cast<double>(lower));
}

}  // namespace

void BootstrapOptions::Validate() const {
  if (!(level > 0 && level < 1)) throw UsageError("the level of an interval must lie in 0 … 1");
  if (resamples < 100 || resamples > 1000000) {
    throw UsageError("a bootstrap takes 100 … 1,000,000 resamples, not " +
                     std::to_string(resamples));
  }
}

std::vector<size_t> NumberGroups(std::span<const int> groups, size_t& count) {
  std::map<int, size_t> numbers;
  std::vector<size_t> numbered;
  for (const int group : groups) {
    numbered.push_back(numbers.emplace(group, numbers.size()).first->second);
  }
  count = numbers.size();
  return numbered;
}

GroupResampler::GroupResampler(std::span<const int> groups, uint64_t seed)
    : random_(DeriveSeed(seed, "bootstrap")) {
  size_t count = 0;
  group_of_ = NumberGroups(groups, count);
  times_.resize(count);
}

void GroupResampler::Draw(std::vector<double>& weights) {
  const size_t count = times_.size();
  std::fill(times_.begin(), times_.end(), 0.0);
  for (size_t draw = 0; draw < count; ++draw) {
    ++times_[static_cast<size_t>(UniformInt(random_, static_cast<int64_t>(count)))];
  }
  weights.resize(group_of_.size());
  for (size_t i = 0; i < weights.size(); ++i) weights[i] = times_[group_of_[i]];
}

Interval PercentileInterval(std::vector<double>& sample, double level) {
  constexpr double kNone = std::numeric_limits<double>::quiet_NaN();
  if (sample.empty()) return {kNone, kNone};
  std::sort(sample.begin(), sample.end());
  return {Quantile(sample, (1 - level) / 2), Quantile(sample, (1 + level) / 2)};
}

}  // namespace unmask
