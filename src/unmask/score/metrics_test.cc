#include "unmask/score/metrics.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "unmask/base/error.h"
#include "unmask/base/random.h"

namespace unmask {
namespace {

using Scores = std::vector<double>;
using Labels = std::vector<int>;

TEST(MetricsTest, AccuracyCountsDecisions) {
  const Scores scores = {0.9, 0.5, 0.4, 0.1, 0.8};
  const Labels labels = {1, 1, 1, 0, 0};
  EXPECT_DOUBLE_EQ(Accuracy(scores, labels), 0.6);
  EXPECT_DOUBLE_EQ(Accuracy(scores, labels, 0.85), 0.6);
  EXPECT_DOUBLE_EQ(Accuracy(scores, labels, 0.45), 0.6);
  EXPECT_DOUBLE_EQ(Accuracy(scores, labels, 0.4), 0.8);
  EXPECT_DOUBLE_EQ(BalancedAccuracy(scores, labels), (2.0 / 3 + 0.5) / 2);
}

TEST(MetricsTest, AreaUnderRocOfHandCountedPairs) {
  // Pairs (fake, real) won: 0.9 > all 3; 0.4 > 0.35 and 0.1, loses to 0.6: 5 of 6.
  EXPECT_DOUBLE_EQ(AreaUnderRoc(Scores{0.9, 0.4, 0.6, 0.35, 0.1}, Labels{1, 1, 0, 0, 0}), 5.0 / 6);
  // Ties count one half.
  EXPECT_DOUBLE_EQ(AreaUnderRoc(Scores{0.5, 0.5}, Labels{1, 0}), 0.5);
  EXPECT_DOUBLE_EQ(AreaUnderRoc(Scores{0.7, 0.5, 0.5, 0.2}, Labels{1, 1, 0, 0}), 3.5 / 4);
  EXPECT_DOUBLE_EQ(AreaUnderRoc(Scores{0.1, 0.9}, Labels{1, 0}), 0.0);
}

TEST(MetricsTest, AreaUnderRocEqualsCountingEveryPair) {
  Random random(7);
  for (int round = 0; round < 20; ++round) {
    Scores scores;
    Labels labels;
    for (int i = 0; i < 60; ++i) {
      scores.push_back(static_cast<double>(UniformInt(random, 12)) / 11);  // many ties
      labels.push_back(i < 2 ? i : static_cast<int>(UniformInt(random, 2)));
    }
    double won = 0, pairs = 0;
    for (size_t i = 0; i < scores.size(); ++i) {
      for (size_t j = 0; j < scores.size(); ++j) {
        if (labels[i] != 1 || labels[j] != 0) continue;
        ++pairs;
        won += scores[i] > scores[j] ? 1.0 : scores[i] == scores[j] ? 0.5 : 0.0;
      }
    }
    EXPECT_NEAR(AreaUnderRoc(scores, labels), won / pairs, 1e-12);
  }
}

TEST(MetricsTest, LogLossIsTheMeanNegativeLogarithmClipped) {
  EXPECT_NEAR(LogLoss(Scores{0.8, 0.4}, Labels{1, 0}), (0.2231435513 + 0.5108256238) / 2, 1e-9);
  EXPECT_NEAR(LogLoss(Scores{0.0}, Labels{1}), 16.11809565, 1e-8);  // −ln 1e-7
  EXPECT_NEAR(LogLoss(Scores{1.0}, Labels{1}), 1e-7, 1e-12);
}

TEST(MetricsTest, BadInputIsRefused) {
  EXPECT_THROW(Accuracy({}, {}), Error);
  EXPECT_THROW(Accuracy(Scores{0.1, 0.2}, Labels{1}), Error);
  EXPECT_THROW(LogLoss(Scores{0.1}, Labels{2}), Error);
  EXPECT_THROW(LogLoss(Scores{std::numeric_limits<double>::quiet_NaN()}, Labels{1}), Error);
  EXPECT_THROW(AreaUnderRoc(Scores{0.1, 0.2}, Labels{1, 1}), Error);
  EXPECT_THROW(BalancedAccuracy(Scores{0.1, 0.2}, Labels{0, 0}), Error);
}

double MeanScore(std::span<const double> scores, std::span<const int>) {
  double sum = 0;
  for (const double score : scores) sum += score;
  return sum / static_cast<double>(scores.size());
}

TEST(MetricsTest, BootstrapOfAMeanMatchesTheNormalInterval) {
  Random random(3);
  Scores scores;
  Labels labels;
  std::vector<int> groups;
  double mean = 0, square = 0;
  for (int i = 0; i < 400; ++i) {
    scores.push_back(Uniform(random, 0, 1));
    labels.push_back(i % 2);
    groups.push_back(i);
    mean += scores.back() / 400;
    square += scores.back() * scores.back() / 400;
  }
  const double error = std::sqrt((square - mean * mean) / 400);
  const Interval interval = BootstrapInterval(scores, labels, groups, MeanScore);
  EXPECT_NEAR(interval.low, mean - 1.96 * error, 0.15 * error);
  EXPECT_NEAR(interval.high, mean + 1.96 * error, 0.15 * error);
}

TEST(MetricsTest, BootstrapDrawsGroupsWhole) {
  // Two groups of 50 equal scores each: a resample's mean can only be 0, 0.5 or 1.
  Scores scores(100, 0.0);
  std::fill(scores.begin() + 50, scores.end(), 1.0);
  Labels labels(100, 0);
  std::vector<int> groups(100, 0);
  std::fill(groups.begin() + 50, groups.end(), 1);
  const Interval interval = BootstrapInterval(scores, labels, groups, MeanScore);
  EXPECT_DOUBLE_EQ(interval.low, 0.0);
  EXPECT_DOUBLE_EQ(interval.high, 1.0);
}

TEST(MetricsTest, BootstrapIsFixedByItsSeed) {
  const Scores scores = {0.1, 0.4, 0.35, 0.8, 0.7, 0.2};
  const Labels labels = {0, 0, 1, 1, 1, 0};
  const std::vector<int> groups = {0, 1, 2, 3, 4, 5};
  const Interval a = BootstrapInterval(scores, labels, groups, AreaUnderRoc, 0.95, 200, 5);
  const Interval b = BootstrapInterval(scores, labels, groups, AreaUnderRoc, 0.95, 200, 5);
  EXPECT_EQ(a.low, b.low);
  EXPECT_EQ(a.high, b.high);
  EXPECT_LE(a.low, a.high);
}

}  // namespace
}  // namespace unmask
