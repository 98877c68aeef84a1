#include "unmask/score/metrics.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <vector>

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

TEST(MetricsTest, TheRankingMeasuresCountedByHand) {
  // By falling score: F F R F R; recalls 1/3, 2/3, 1 at precisions 1, 1, 3/4.
  const Scores scores = {0.9, 0.8, 0.6, 0.4, 0.1};
  const Labels labels = {1, 1, 0, 1, 0};
  EXPECT_DOUBLE_EQ(AveragePrecision(scores, labels), (1 + 1 + 0.75) / 3);
  // Between (0, 2/3) and (1/2, 2/3) the curve runs level and crosses 1 − FPR at FPR = 1/3.
  EXPECT_DOUBLE_EQ(EqualErrorRate(scores, labels), 1.0 / 3);
  EXPECT_DOUBLE_EQ(TruePositiveRateAt(scores, labels, 0.01), 2.0 / 3);
  EXPECT_DOUBLE_EQ(TruePositiveRateAt(scores, labels, 0.5), 1);
  // Scores 0.1 and 0.4 share no bin with others: |0.1 − 0|, |0.4 − 1|, …
  EXPECT_NEAR(CalibrationError(scores, labels), (0.1 + 0.2 + 0.6 + 0.6 + 0.1) / 5, 1e-12);
  EXPECT_NEAR(BrierScore(scores, labels), (0.01 + 0.04 + 0.36 + 0.36 + 0.01) / 5, 1e-12);
}

TEST(MetricsTest, BadInputIsRefused) {
  EXPECT_THROW(Accuracy({}, {}), Error);
  EXPECT_THROW(Accuracy(Scores{0.1, 0.2}, Labels{1}), Error);
  EXPECT_THROW(LogLoss(Scores{0.1}, Labels{2}), Error);
  EXPECT_THROW(LogLoss(Scores{std::numeric_limits<double>::quiet_NaN()}, Labels{1}), Error);
  EXPECT_THROW(AreaUnderRoc(Scores{0.1, 0.2}, Labels{1, 1}), Error);
  EXPECT_THROW(BalancedAccuracy(Scores{0.1, 0.2}, Labels{0, 0}), Error);
  EXPECT_THROW(CalibrationError(Scores{0.1, 1.2}, Labels{0, 1}), Error);
  EXPECT_THROW(AveragePrecision({}, {}), Error);
}

}  // namespace
}  // namespace unmask
