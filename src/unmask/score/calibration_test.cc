#include "unmask/score/calibration.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <vector>

#include "unmask/base/error.h"
#include "unmask/base/random.h"

namespace unmask {
namespace {

TEST(CalibrationTest, ATemperatureUndoesWhatMadeTheMarginsTooSteep) {
  // Labels are drawn from sigmoid(m); the margins given are k times as large, so T = k.
  for (const double k : {0.5, 1.0, 8.0}) {
    Random random(1);
    std::vector<double> margins;
    std::vector<int> labels;
    for (int i = 0; i < 40000; ++i) {
      const double m = Normal(random, 0, 2);
      labels.push_back(Chance(random, 1 / (1 + std::exp(-m))));
      margins.push_back(k * m);
    }
    EXPECT_NEAR(FitTemperature(margins, labels) / k, 1, 0.03) << k;
  }
}

TEST(CalibrationTest, TwoOfThreeRightGivesLogTwo) {
  // At margin ±1 and two right of three, sigmoid(1 / T) = 2/3, so 1 / T = ln 2.
  const std::vector<double> margins = {1, 1, 1, -1, -1, -1};
  const std::vector<int> labels = {1, 1, 0, 0, 0, 1};
  EXPECT_NEAR(FitTemperature(margins, labels), 1 / std::log(2.0), 1e-4);
}

TEST(CalibrationTest, PerfectOrUselessMarginsStayWithinTheRange) {
  EXPECT_NEAR(FitTemperature(std::vector<double>{-3, 3}, std::vector<int>{0, 1}), 0.05, 1e-3);
  EXPECT_NEAR(FitTemperature(std::vector<double>{3, -3}, std::vector<int>{0, 1}), 100, 0.1);
  EXPECT_TRUE(
      std::isfinite(FitTemperature(std::vector<double>{-1e300, 1e300}, std::vector<int>{0, 1})));
}

TEST(CalibrationTest, TheThresholdKeepsTheRate) {
  std::vector<double> scores;
  std::vector<int> labels;
  for (int i = 0; i < 100; ++i) {
    scores.push_back(0.01 * i);
    labels.push_back(0);
  }
  scores.push_back(0.2);
  labels.push_back(1);
  EXPECT_NEAR(ThresholdForFalseAlarms(scores, labels, 0.05), 0.945, 1e-9);
  EXPECT_NEAR(ThresholdForFalseAlarms(scores, labels, 0.0), 0.995, 1e-9);
  EXPECT_EQ(ThresholdForFalseAlarms(scores, labels, 0.9), 0.5);
  EXPECT_EQ(ThresholdForFalseAlarms(scores, labels, 1.0), 0.5);
  // Equal scores are not torn apart.
  const std::vector<double> equal(10, 0.8);
  EXPECT_GT(ThresholdForFalseAlarms(equal, std::vector<int>(10, 0), 0.5), 0.8);
  const std::vector<int> real(3, 0);
  EXPECT_NEAR(ThresholdForFalseAlarms(std::vector{0.9, 0.8, 0.8}, real, 0.7), 0.85, 1e-9);
  EXPECT_EQ(ThresholdForFalseAlarms(std::vector{1.0, 1.0, 0.2}, real, 0.4), 1);
  // 0.29 · 100 is 29, though not in floating point.
  EXPECT_NEAR(ThresholdForFalseAlarms(scores, labels, 0.29), 0.705, 1e-9);
}

TEST(CalibrationTest, BadInputIsRefused) {
  const std::vector<double> two = {0.1, 0.2};
  EXPECT_THROW(FitTemperature({}, {}), Error);
  EXPECT_THROW(FitTemperature(two, std::vector<int>{1}), Error);
  EXPECT_THROW(FitTemperature(two, std::vector<int>{1, 1}), Error);
  EXPECT_THROW(FitTemperature(std::vector<double>{NAN, 1}, std::vector<int>{0, 1}), Error);
  EXPECT_THROW(ThresholdForFalseAlarms(two, std::vector<int>{1, 1}, 0.1), Error);
  EXPECT_THROW(ThresholdForFalseAlarms(two, std::vector<int>{0, 1}, 1.5), Error);
}

}  // namespace
}  // namespace unmask
