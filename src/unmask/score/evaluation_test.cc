#include "unmask/score/evaluation.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <ctime>
#include <limits>
#include <numeric>
#include <vector>

#include "unmask/base/error.h"
#include "unmask/base/random.h"

namespace unmask {
namespace {

ScoredItems HandMade() {
  return {.scores = {0.1, 0.7, 0.2, 0.8, 0.9},
          .raw_scores = {0.2, 0.7, 0.2, 0.8, 0.9},
          .labels = {0, 0, 1, 1, 1},
          .groups = {0, 1, 2, 3, 4},
          .classes = {"real", "real", "Face2Face", "Deepfakes", "Face2Face"}};
}

TEST(EvaluationTest, CountedByHand) {
  const Evaluation e = Evaluate(HandMade(), {.threshold = 0.75});
  EXPECT_EQ(e.real, 2);
  EXPECT_EQ(e.fake, 3);
  EXPECT_EQ(e.groups, 5);
  EXPECT_DOUBLE_EQ(e.accuracy.value, 0.8);
  EXPECT_DOUBLE_EQ(e.real_accuracy->value, 1);
  EXPECT_DOUBLE_EQ(e.fake_accuracy->value, 2.0 / 3);
  EXPECT_DOUBLE_EQ(e.balanced_accuracy->value, (1 + 2.0 / 3) / 2);
  EXPECT_DOUBLE_EQ(e.auc->value, 5.0 / 6);
  const double rest = std::log(0.3) + std::log(0.2) + std::log(0.8) + std::log(0.9);
  EXPECT_NEAR(e.log_loss.value, -(std::log(0.9) + rest) / 5, 1e-12);
  EXPECT_NEAR(e.raw_log_loss->value, -(std::log(0.8) + rest) / 5, 1e-12);
  for (const Measure& m : {e.accuracy, e.log_loss, *e.balanced_accuracy, *e.auc, e.brier_score,
                           *e.equal_error_rate, *e.average_precision}) {
    EXPECT_LE(m.interval.low, m.value);
    EXPECT_GE(m.interval.high, m.value);
    EXPECT_LT(m.interval.low, m.interval.high);
  }
  // The threshold moves decisions alone.
  const Evaluation half = Evaluate(HandMade());
  EXPECT_DOUBLE_EQ(half.accuracy.value, 0.6);
  EXPECT_DOUBLE_EQ(half.auc->value, e.auc->value);
}

TEST(EvaluationTest, EachClassHasItsAccuracyRealOnesFirst) {
  const Evaluation e = Evaluate(HandMade());
  ASSERT_EQ(e.classes.size(), 3u);
  EXPECT_EQ(e.classes[0].name, "real");
  EXPECT_EQ(e.classes[1].name, "Deepfakes");
  EXPECT_EQ(e.classes[2].name, "Face2Face");
  EXPECT_EQ(e.classes[2].items, 2);
  EXPECT_EQ(e.classes[2].label, 1);
  EXPECT_DOUBLE_EQ(e.classes[0].accuracy.value, 0.5);
  EXPECT_DOUBLE_EQ(e.classes[1].accuracy.value, 1);
  EXPECT_DOUBLE_EQ(e.classes[2].accuracy.value, 0.5);
}

TEST(EvaluationTest, TheAucOfAClassIsThatWithoutTheOtherFakes) {
  ScoredItems items = HandMade();
  items.scores = {0.2, 0.7, 0.2, 0.7, 0.9};  // with ties
  const Evaluation e = Evaluate(items);
  EXPECT_FALSE(e.classes[0].auc);
  for (const size_t k : {1u, 2u}) {
    ScoredItems alone;
    for (size_t i = 0; i < items.scores.size(); ++i) {
      if (items.labels[i] == 1 && items.classes[i] != e.classes[k].name) continue;
      alone.scores.push_back(items.scores[i]);
      alone.labels.push_back(items.labels[i]);
      alone.groups.push_back(items.groups[i]);
    }
    ASSERT_TRUE(e.classes[k].auc);
    EXPECT_DOUBLE_EQ(e.classes[k].auc->value, Evaluate(alone).auc->value);
  }
}

TEST(EvaluationTest, OneClassHasNoAuc) {
  const Evaluation e = Evaluate({.scores = std::vector<double>(5, 0.2),
                                 .labels = std::vector<int>(5, 0),
                                 .groups = {0, 1, 2, 3, 4}});
  EXPECT_DOUBLE_EQ(e.accuracy.value, 1);
  EXPECT_DOUBLE_EQ(e.real_accuracy->value, 1);
  EXPECT_FALSE(e.auc || e.balanced_accuracy || e.fake_accuracy || e.equal_error_rate);
  EXPECT_FALSE(e.average_precision || e.tpr_at_1_percent || e.raw_log_loss);
}

TEST(EvaluationTest, BadInputIsRefused) {
  const auto refuse = [](auto change, const std::string& cause) {
    ScoredItems items = HandMade();
    change(items);
    try {
      Evaluate(items);
      ADD_FAILURE() << "accepted: " << cause;
    } catch (const Error& e) {
      EXPECT_THAT(e.problem(), testing::HasSubstr(cause));
    }
  };
  refuse([](ScoredItems& i) { i = {}; }, "no scores");
  refuse([](ScoredItems& i) { i.labels[0] = 2; }, "label 2");
  refuse([](ScoredItems& i) { i.labels.pop_back(); }, "5 scores but 4 labels");
  refuse([](ScoredItems& i) { i.groups.pop_back(); }, "5 scores but 4 groups");
  refuse([](ScoredItems& i) { i.classes.pop_back(); }, "5 scores but 4 classes");
  refuse([](ScoredItems& i) { i.raw_scores.pop_back(); }, "5 scores but 4 uncalibrated");
  refuse([](ScoredItems& i) { i.scores[1] = 1.5; }, "1.500 is no probability");
  refuse([](ScoredItems& i) { i.scores[1] = std::numeric_limits<double>::quiet_NaN(); },
         "not a finite number");
  refuse([](ScoredItems& i) { i.classes[0] = "Deepfakes"; }, "'Deepfakes' has real and fake");
  EXPECT_THROW(Evaluate(HandMade(), {.threshold = 1.1}), UsageError);
  EXPECT_THROW(Evaluate(HandMade(), {.level = 1}), UsageError);
  EXPECT_THROW(Evaluate(HandMade(), {.resamples = 99}), UsageError);
}

// Scores that are higher for fakes; one group an item.
ScoredItems Drawn(int count, uint64_t seed = 3) {
  Random random(seed);
  ScoredItems items;
  for (int i = 0; i < count; ++i) {
    items.labels.push_back(i % 2);
    items.scores.push_back(1 / (1 + std::exp(-Normal(random, i % 2 == 1 ? 1 : -1, 2))));
    items.groups.push_back(i);
  }
  return items;
}

TEST(BootstrapTest, TheIntervalOfAMeanIsTheNormalOne) {
  const ScoredItems items = Drawn(400);
  double mean = 0, square = 0;
  for (size_t i = 0; i < 400; ++i) {
    const double loss = std::pow(items.scores[i] - items.labels[i], 2);
    mean += loss / 400;
    square += loss * loss / 400;
  }
  const double error = std::sqrt((square - mean * mean) / 400);
  const Measure brier = Evaluate(items).brier_score;
  EXPECT_NEAR(brier.value, mean, 1e-12);
  EXPECT_NEAR(brier.interval.low, mean - 1.96 * error, 0.15 * error);
  EXPECT_NEAR(brier.interval.high, mean + 1.96 * error, 0.15 * error);
}

TEST(BootstrapTest, TheIntervalOfTheAucIsThatOfDeLong) {
  // DeLong et al., Biometrics 1988: the variance from the placements of each item among the others.
  const ScoredItems items = Drawn(600);
  std::vector<double> placements[2];
  for (size_t i = 0; i < items.scores.size(); ++i) {
    double won = 0;
    for (size_t j = 0; j < items.scores.size(); ++j) {
      if (items.labels[j] == items.labels[i]) continue;
      won += items.labels[i] == 1 ? items.scores[i] > items.scores[j]
                                  : items.scores[j] > items.scores[i];
    }
    placements[items.labels[i]].push_back(won / 300);
  }
  double variance = 0;
  for (const std::vector<double>& values : placements) {
    const double mean = std::accumulate(values.begin(), values.end(), 0.0) / 300;
    for (const double v : values) variance += (v - mean) * (v - mean) / 299 / 300;
  }
  const double error = std::sqrt(variance);
  const Measure auc = *Evaluate(items).auc;
  EXPECT_NEAR(auc.interval.low, auc.value - 1.96 * error, 0.3 * error);
  EXPECT_NEAR(auc.interval.high, auc.value + 1.96 * error, 0.3 * error);
}

TEST(BootstrapTest, GroupsAreDrawnWhole) {
  // Two groups of 50 items, one all right and one all wrong: a resample's accuracy is 0, 1/2 or 1.
  ScoredItems items{.scores = std::vector<double>(100, 0.0), .labels = std::vector<int>(100, 0)};
  for (int i = 0; i < 100; ++i) items.groups.push_back(i / 50);
  for (int i = 50; i < 100; ++i) items.scores[static_cast<size_t>(i)] = 1;
  const Interval interval = Evaluate(items).accuracy.interval;
  EXPECT_DOUBLE_EQ(interval.low, 0.0);
  EXPECT_DOUBLE_EQ(interval.high, 1.0);
}

TEST(BootstrapTest, OneGroupHasNoInterval) {
  const Evaluation e = Evaluate({.scores = {0.2, 0.8}, .labels = {0, 1}, .groups = {7, 7}});
  EXPECT_DOUBLE_EQ(e.auc->value, 1);
  EXPECT_TRUE(std::isnan(e.auc->interval.low) && std::isnan(e.auc->interval.high));
}

TEST(BootstrapTest, ResamplesWithoutOneClassDoNotCount) {
  // Of two items, half of the resamples hold one class only; the AUC of the others is 1.
  const Evaluation e =
      Evaluate({.scores = {0.2, 0.8}, .labels = {0, 1}, .groups = {0, 1}}, {.resamples = 200});
  EXPECT_DOUBLE_EQ(e.auc->interval.low, 1);
  EXPECT_DOUBLE_EQ(e.auc->interval.high, 1);
}

TEST(BootstrapTest, IsFixedByItsSeed) {
  const auto interval = [](uint64_t seed) {
    return Evaluate(Drawn(50), {.resamples = 200, .seed = seed}).auc->interval;
  };
  EXPECT_EQ(interval(5).low, interval(5).low);
  EXPECT_NE(interval(5).low, interval(6).low);
}

TEST(BootstrapTest, FacesByTheThousandTakeSeconds) {
  ScoredItems items = Drawn(20000);
  for (int& group : items.groups) group %= 700;
  const std::clock_t start = std::clock();  // the processor's time: others may use it too
  Evaluate(items);
  const double seconds = static_cast<double>(std::clock() - start) / CLOCKS_PER_SEC;
  EXPECT_LT(seconds, 30);  // half a second on one core of 2024
}

}  // namespace
}  // namespace unmask
