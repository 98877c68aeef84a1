#include "unmask/score/evaluation.h"

#include <gtest/gtest.h>

#include <cmath>
#include <vector>

#include "unmask/base/error.h"

namespace unmask {
namespace {

const std::vector<int> kGroups = {0, 1, 2, 3, 4};

TEST(EvaluationTest, CountedByHand) {
  const std::vector<double> scores = {0.1, 0.7, 0.2, 0.8, 0.9};
  const std::vector<int> labels = {0, 0, 1, 1, 1};
  const Evaluation e = Evaluate(scores, labels, kGroups, 0.75);
  EXPECT_EQ(e.real, 2);
  EXPECT_EQ(e.fake, 3);
  EXPECT_DOUBLE_EQ(e.accuracy.value, 0.8);
  EXPECT_DOUBLE_EQ(*e.real_accuracy, 1);
  EXPECT_DOUBLE_EQ(*e.fake_accuracy, 2.0 / 3);
  EXPECT_DOUBLE_EQ(e.balanced_accuracy->value, (1 + 2.0 / 3) / 2);
  EXPECT_DOUBLE_EQ(e.auc->value, 5.0 / 6);
  const double loss =
      -(std::log(0.9) + std::log(0.3) + std::log(0.2) + std::log(0.8) + std::log(0.9)) / 5;
  EXPECT_NEAR(e.log_loss.value, loss, 1e-12);
  for (const Measure& m : {e.accuracy, e.log_loss, *e.balanced_accuracy, *e.auc}) {
    EXPECT_LE(m.interval.low, m.value);
    EXPECT_GE(m.interval.high, m.value);
  }
  // The threshold moves decisions alone.
  const Evaluation half = Evaluate(scores, labels, kGroups, 0.5);
  EXPECT_DOUBLE_EQ(half.accuracy.value, 0.6);
  EXPECT_DOUBLE_EQ(half.auc->value, e.auc->value);
}

TEST(EvaluationTest, OneClassHasNoAuc) {
  const Evaluation e = Evaluate(std::vector<double>(5, 0.2), std::vector<int>(5, 0), kGroups, 0.5);
  EXPECT_DOUBLE_EQ(e.accuracy.value, 1);
  EXPECT_FALSE(e.auc);
  EXPECT_FALSE(e.balanced_accuracy);
  EXPECT_FALSE(e.fake_accuracy);
}

TEST(EvaluationTest, BadInputIsRefused) {
  EXPECT_THROW(Evaluate({}, {}, {}, 0.5), Error);
  EXPECT_THROW(Evaluate(std::vector<double>{0.1}, std::vector<int>{2}, std::vector<int>{0}, 0.5),
               Error);
}

}  // namespace
}  // namespace unmask
