#include "unmask/score/group_rates.h"

#include <algorithm>
#include <boost/math/distributions/normal.hpp>
#include <cmath>
#include <limits>
#include <map>
#include <set>
#include <string_view>
#include <utility>

#include "unmask/base/error.h"
#include "unmask/base/random.h"

namespace unmask {
namespace {

struct Person {
  size_t group = 0;
  int64_t items = 0;
  int64_t events = 0;
};

// "3-9" before "10-19": runs of digits compare by their value, all else by its bytes.
struct NaturalOrder {
  static bool IsDigit(char c) { return c >= '0' && c <= '9'; }
  // Takes the number at the front of `text`, without leading zeros.
  static std::string_view TakeNumber(std::string_view& text) {
    size_t begin = 0, end = 0;
    while (begin < text.size() && text[begin] == '0') ++begin;
    for (end = begin; end < text.size() && IsDigit(text[end]);) ++end;
    const std::string_view number = text.substr(begin, end - begin);
    text.remove_prefix(end);
    return number;
  }
  bool operator()(const std::string& first, const std::string& second) const {
    std::string_view a = first, b = second;
    while (!a.empty() && !b.empty()) {
      if (IsDigit(a[0]) && IsDigit(b[0])) {
        const std::string_view x = TakeNumber(a), y = TakeNumber(b);
        if (x.size() != y.size()) return x.size() < y.size();
        if (x != y) return x < y;
        continue;
      }
      if (a[0] != b[0]) return a[0] < b[0];
      a.remove_prefix(1);
      b.remove_prefix(1);
    }
    if (a.empty() && b.empty()) return first < second;  // "01" and "1" stay two names
    return a.empty();
  }
};

double ChiSquared(std::span<const Person> people, std::span<const size_t> group_of, size_t groups) {
  std::vector<double> items(groups), events(groups);
  double all = 0, all_events = 0;
  for (size_t i = 0; i < people.size(); ++i) {
    items[group_of[i]] += static_cast<double>(people[i].items);
    events[group_of[i]] += static_cast<double>(people[i].events);
    all += static_cast<double>(people[i].items);
    all_events += static_cast<double>(people[i].events);
  }
  const double rate = all_events / all;
  if (!(rate > 0 && rate < 1)) return 0;
  // Both cells of a group miss by the same; 1 / r + 1 / (1 − r) = 1 / (r (1 − r)).
  double sum = 0;
  for (size_t g = 0; g < groups; ++g) {
    if (items[g] > 0) sum += std::pow(events[g] - items[g] * rate, 2) / items[g];
  }
  return sum / (rate * (1 - rate));
}

double PermutationP(std::span<const Person> people, size_t groups, double observed,
                    int permutations, uint64_t seed) {
  std::vector<size_t> group_of;
  for (const Person& person : people) group_of.push_back(person.group);
  Random random(DeriveSeed(seed, "permutations"));
  // Sums in another order differ in their last digits.
  const double least = observed * (1 - 1e-12);
  int64_t as_large = 0;
  for (int n = 0; n < permutations; ++n) {
    for (size_t i = group_of.size(); i > 1; --i) {
      const auto other = static_cast<size_t>(UniformInt(random, static_cast<int64_t>(i)));
      std::swap(group_of[i - 1], group_of[other]);
    }
    as_large += ChiSquared(people, group_of, groups) >= least;
  }
  return static_cast<double>(1 + as_large) / (1 + permutations);
}

}  // namespace

Interval WilsonInterval(double value, int64_t count, double level) {
  if (!(value >= 0 && value <= 1)) throw Error("a share must lie in 0 … 1");
  if (!(level > 0 && level < 1)) throw Error("the level of an interval must lie between 0 and 1");
  if (count <= 0) {
    const double none = std::numeric_limits<double>::quiet_NaN();
    return {none, none};
  }
  const double z = boost::math::quantile(boost::math::normal(), (1 + level) / 2);
  const double n = static_cast<double>(count);
  const double centre = (value + z * z / (2 * n)) / (1 + z * z / n);
  const double half =
      z * std::sqrt(value * (1 - value) / n + z * z / (4 * n * n)) / (1 + z * z / n);
  return {std::max(0.0, centre - half), std::min(1.0, centre + half)};
}

Rate RateOf(std::span<const int> events, std::span<const int> people, double level) {
  if (events.size() != people.size()) throw Error("every item needs a person");
  Rate rate;
  rate.items = static_cast<int64_t>(events.size());
  for (const int event : events) rate.events += event;
  rate.people = static_cast<int64_t>(std::set<int>(people.begin(), people.end()).size());
  if (rate.items == 0) {
    rate.share.value = std::numeric_limits<double>::quiet_NaN();
    rate.share.interval = {rate.share.value, rate.share.value};
    return rate;
  }
  rate.share.value = static_cast<double>(rate.events) / static_cast<double>(rate.items);
  rate.share.interval = WilsonInterval(rate.share.value, rate.people, level);
  return rate;
}

GroupComparison CompareGroups(std::span<const int> events, std::span<const int> people,
                              std::span<const std::string> groups, double level, int permutations,
                              uint64_t seed) {
  if (events.size() != people.size() || events.size() != groups.size()) {
    throw Error("every item needs a person and a group");
  }
  if (permutations < 1) throw Error("a permutation test needs at least one permutation");
  struct Items {
    std::vector<int> events, people;
  };
  std::map<std::string, Items, NaturalOrder> by_group;
  for (size_t i = 0; i < events.size(); ++i) {
    Items& items = by_group[groups[i]];
    items.events.push_back(events[i]);
    items.people.push_back(people[i]);
  }
  GroupComparison comparison;
  std::vector<Person> all;
  std::vector<size_t> group_of;
  for (const auto& [name, items] : by_group) {
    const size_t group = comparison.groups.size();
    comparison.groups.push_back({name, RateOf(items.events, items.people, level)});
    std::map<int, Person> persons;
    for (size_t i = 0; i < items.events.size(); ++i) {
      Person& person = persons[items.people[i]];
      person.group = group;
      ++person.items;
      person.events += items.events[i];
    }
    for (const auto& [number, person] : persons) {
      all.push_back(person);
      group_of.push_back(group);
    }
  }
  if (by_group.size() < 2) return comparison;
  comparison.chi_squared = ChiSquared(all, group_of, by_group.size());
  if (comparison.chi_squared > 0) {
    comparison.p = PermutationP(all, by_group.size(), comparison.chi_squared, permutations, seed);
  }
  return comparison;
}

}  // namespace unmask
