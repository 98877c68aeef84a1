#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "unmask/score/evaluation.h"

namespace unmask {

// The interval of a share by Wilson (Journal of the American Statistical Association 22, 1927),
// `count` independent trials of which the share `value` succeeded; at the confidence `level`.
// Unlike the bootstrap's it has a width where nothing or all succeeded. `count` 0: not a number.
// Throws Error for a share outside 0 … 1 and a level outside of it.
Interval WilsonInterval(double value, int64_t count, double level = 0.95);

// The share of events (false alarms, say) among items that come from people. The interval is
// Wilson's with the number of people as the number of trials: exact where each person has one item,
// wider than need be where a person's items differ from each other.
struct Rate {
  int64_t items = 0;
  int64_t events = 0;
  int64_t people = 0;
  Measure share;
};

// `events` {items}: 0 or 1. `people` {items}: items that share a number are one person's. Throws
// Error for unequal lengths; of no items the share is not a number.
Rate RateOf(std::span<const int> events, std::span<const int> people, double level = 0.95);

struct GroupRate {
  std::string name;
  Rate rate;
};

// Do groups of people (sexes, ages) differ in a rate by more than chance?
struct GroupComparison {
  std::vector<GroupRate> groups;  // by name, numbers in it by their value: "3-9" before "10-19"
  // Pearson's Σ (observed − expected)² / expected over groups × {event, none}, of the items.
  double chi_squared = 0;
  // The share of permutations with a statistic at least as large, (1 + n) / (1 + permutations).
  // Permuted is which person belongs to which group, so that a person's items stay together and
  // small groups need no approximation. 1 where there is one group, no event or nothing but events.
  double p = 1;
};

// `groups` {items}: of each item the name of its group. A person with items in two groups counts as
// two people. Throws Error for unequal lengths and fewer than one permutation.
GroupComparison CompareGroups(std::span<const int> events, std::span<const int> people,
                              std::span<const std::string> groups, double level = 0.95,
                              int permutations = 9999, uint64_t seed = 1);

}  // namespace unmask
