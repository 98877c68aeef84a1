#include "unmask/score/group_rates.h"

#include <gtest/gtest.h>

#include <cmath>

#include "unmask/base/error.h"
#include "unmask/base/random.h"

namespace unmask {
namespace {

// 95 % intervals of Newcombe (Statistics in Medicine 17, 1998), table I, method 3.
TEST(WilsonIntervalTest, EqualsPublishedIntervals) {
  const auto expect = [](int events, int count, double low, double high) {
    const Interval interval = WilsonInterval(static_cast<double>(events) / count, count);
    EXPECT_NEAR(interval.low, low, 5e-5);
    EXPECT_NEAR(interval.high, high, 5e-5);
  };
  expect(81, 263, 0.2553, 0.3662);
  expect(15, 148, 0.0624, 0.1605);
  expect(0, 20, 0.0000, 0.1611);
  expect(1, 29, 0.0061, 0.1718);
}

TEST(WilsonIntervalTest, RefusesWhatIsNoShare) {
  EXPECT_THROW(WilsonInterval(1.2, 10), Error);
  EXPECT_THROW(WilsonInterval(0.5, 10, 1), Error);
  EXPECT_TRUE(std::isnan(WilsonInterval(0, 0).low));
}

TEST(RateTest, PeopleAreTheTrials) {
  const std::vector<int> events = {1, 1, 0, 0, 0, 0};
  const Rate rate = RateOf(events, std::vector<int>{0, 0, 1, 1, 2, 2});
  EXPECT_EQ(rate.items, 6);
  EXPECT_EQ(rate.events, 2);
  EXPECT_EQ(rate.people, 3);
  EXPECT_DOUBLE_EQ(rate.share.value, 1.0 / 3);
  EXPECT_DOUBLE_EQ(rate.share.interval.high, WilsonInterval(1.0 / 3, 3).high);
  EXPECT_TRUE(std::isnan(RateOf({}, {}).share.value));
  EXPECT_THROW(RateOf(events, std::vector<int>{1}), Error);
}

// Two groups of three people, all events in the one: of the C(6, 3) = 20 ways to choose three
// people two are as extreme, so that the exact p is 0.1.
TEST(CompareGroupsTest, PermutationsComeToTheExactP) {
  const std::vector<int> events = {1, 1, 1, 0, 0, 0};
  const std::vector<int> people = {0, 1, 2, 3, 4, 5};
  const std::vector<std::string> groups = {"a", "a", "a", "b", "b", "b"};
  const GroupComparison comparison = CompareGroups(events, people, groups);
  EXPECT_NEAR(comparison.chi_squared, 6, 1e-9);
  EXPECT_NEAR(comparison.p, 0.1, 0.01);
  ASSERT_EQ(comparison.groups.size(), 2u);
  EXPECT_EQ(comparison.groups[0].name, "a");
  EXPECT_EQ(comparison.groups[0].rate.events, 3);
  EXPECT_EQ(comparison.groups[1].rate.events, 0);
}

// The same false alarms, but of two people with ten files each: there are only 2 ways to divide
// them, both as extreme.
TEST(CompareGroupsTest, FilesOfOnePersonAreNoEvidenceOfTheirOwn) {
  std::vector<int> events, people;
  std::vector<std::string> groups;
  for (int i = 0; i < 20; ++i) {
    events.push_back(i < 10);
    people.push_back(i < 10 ? 0 : 1);
    groups.emplace_back(i < 10 ? "a" : "b");
  }
  EXPECT_NEAR(CompareGroups(events, people, groups).p, 1, 1e-9);
}

// Without a difference p is uniform: at most about one in twenty lies below 0.05.
TEST(CompareGroupsTest, KeepsItsErrorRate) {
  Random random(5);
  int found = 0;
  for (int n = 0; n < 200; ++n) {
    std::vector<int> events, people;
    std::vector<std::string> groups;
    for (int i = 0; i < 60; ++i) {
      events.push_back(Chance(random, 0.2));
      people.push_back(i);
      groups.emplace_back(1, static_cast<char>('a' + i % 3));
    }
    found += CompareGroups(events, people, groups, 0.95, 199).p < 0.05;
  }
  EXPECT_LE(found, 20);
  EXPECT_GE(found, 2);
}

TEST(CompareGroupsTest, NumbersInNamesAreInTheirOrder) {
  const std::vector<std::string> groups = {"10-19", "3-9", "3-10", "more", "70", "070"};
  const std::vector<int> zeros(groups.size());
  const GroupComparison comparison = CompareGroups(zeros, zeros, groups);
  std::vector<std::string> names;
  for (const GroupRate& group : comparison.groups) names.push_back(group.name);
  EXPECT_EQ(names, (std::vector<std::string>{"3-9", "3-10", "10-19", "070", "70", "more"}));
}

TEST(CompareGroupsTest, NothingToCompare) {
  const std::vector<int> people = {0, 1};
  EXPECT_EQ(CompareGroups(std::vector<int>{1, 0}, people, std::vector<std::string>{"a", "a"}).p, 1);
  EXPECT_EQ(CompareGroups(std::vector<int>{0, 0}, people, std::vector<std::string>{"a", "b"}).p, 1);
  EXPECT_THROW(CompareGroups(std::vector<int>{0}, people, std::vector<std::string>{"a"}), Error);
}

}  // namespace
}  // namespace unmask
