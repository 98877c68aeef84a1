#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "unmask/base/random.h"
#include "unmask/score/evaluation.h"

namespace unmask {

struct BootstrapOptions {
  double level = 0.95;  // of the intervals
  int resamples = 2000;
  uint64_t seed = 1;

  void Validate() const;  // throws UsageError
};

// The groups of items, and resamples of them: as many groups as there are, drawn with replacement,
// each with all of its items. Whoever draws with the same groups and seed sees the same resamples.
class GroupResampler {
 public:
  // `groups` {items}: items that share a number are drawn together.
  GroupResampler(std::span<const int> groups, uint64_t seed);

  size_t groups() const { return times_.size(); }

  // The next resample: fills `weights` {items} with how often each item was drawn.
  void Draw(std::vector<double>& weights);

 private:
  std::vector<size_t> group_of_;
  std::vector<double> times_;
  Random random_;
};

// The values between which the middle share `level` of the sample lies, by linear interpolation
// between order statistics. Sorts the sample; not a number where it is empty.
Interval PercentileInterval(std::vector<double>& sample, double level);

// `groups` renumbered 0, 1, 2, … in the order of their first items; `count`: how many there are.
std::vector<size_t> NumberGroups(std::span<const int> groups, size_t& count);

}  // namespace unmask
