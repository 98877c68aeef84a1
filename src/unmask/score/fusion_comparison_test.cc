#include "unmask/score/fusion_comparison.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "unmask/base/error.h"
#include "unmask/score/multiple_comparisons.h"
#include "unmask/score/test_scores.h"

namespace unmask {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

const FusionOptions kQuick = {.rule = FusionRule::kLogit,
                              .dataset = {.evaluation = {.resamples = 200}}};

std::vector<ModelScores> Models(uint64_t seed) {
  return {MadeUpScores("weak", 0.2, seed), MadeUpScores("good", 0.8, seed + 1),
          MadeUpScores("better", 0.9, seed + 2)};
}

int CountOf(const FusionComparison& comparison, FusionKind kind) {
  int count = 0;
  for (const FusionResult& result : comparison.results) count += result.kind == kind;
  return count;
}

TEST(FusionComparisonTest, HoldsModelsRulesPairsAndTheGreedySet) {
  const FusionComparison c = CompareFusions(Models(1), Models(50), kQuick);
  EXPECT_EQ(CountOf(c, FusionKind::kModel), 3);
  EXPECT_EQ(CountOf(c, FusionKind::kAll), 4);
  EXPECT_EQ(CountOf(c, FusionKind::kPair), 3);
  EXPECT_EQ(CountOf(c, FusionKind::kGreedy), c.greedy.size() > 1 ? 1 : 0);
  EXPECT_TRUE(c.best_on_validation);
  EXPECT_EQ(c.best_model, c.greedy[0].added);
  EXPECT_NE(c.best_model, 0u);
  // Four measures of every fusion by the chosen rule.
  const size_t fusions = 1 + 3 + static_cast<size_t>(CountOf(c, FusionKind::kGreedy));
  EXPECT_EQ(c.differences.size(), 4 * fusions);
  EXPECT_THAT(c.results.back().members.front(), c.best_model);
}

TEST(FusionComparisonTest, RowsAreThoseOfTheDataSetsEvaluation) {
  const std::vector<ModelScores> models = Models(1);
  const FusionComparison c = CompareFusions(models, {}, kQuick);
  const ModelScores fused = Fuse({&models[0], &models[1], &models[2]}, FusionRule::kRawProbability);
  const Evaluation expected = EvaluateDataset(fused.files, kQuick.dataset).levels[4].evaluation;
  const FusionResult& result = c.results[4];
  EXPECT_EQ(result.rule, FusionRule::kRawProbability);
  EXPECT_DOUBLE_EQ(result.evaluation.auc->value, expected.auc->value);
  EXPECT_DOUBLE_EQ(result.evaluation.auc->interval.low, expected.auc->interval.low);
  EXPECT_DOUBLE_EQ(result.evaluation.log_loss.value, expected.log_loss.value);
  ASSERT_EQ(result.evaluation.classes.size(), 3u);
  EXPECT_EQ(result.evaluation.classes[1].name, "Deepfakes");
}

TEST(FusionComparisonTest, DifferencesAreBetweenTheRows) {
  const FusionComparison c = CompareFusions(Models(1), {}, kQuick);
  EXPECT_TRUE(c.greedy.empty());
  EXPECT_FALSE(c.best_on_validation);
  const Evaluation& best = c.results[c.best_model].evaluation;
  for (size_t m = 0; m < 3; ++m) {
    EXPECT_LE(c.results[m].evaluation.auc->value, best.auc->value);
  }
  std::vector<double> p_values, adjusted;
  for (const FusionDifference& d : c.differences) {
    const FusionResult& fusion = c.results[d.result];
    EXPECT_EQ(fusion.rule, FusionRule::kLogit);
    EXPECT_EQ(d.delong.has_value(), d.measure == ComparedMeasure::kAuc);
    if (d.measure != ComparedMeasure::kAuc) continue;
    const double expected = fusion.evaluation.auc->value - best.auc->value;
    EXPECT_NEAR(d.bootstrap.difference, expected, 1e-12);
    EXPECT_NEAR(d.delong->difference, expected, 1e-12);
    if (fusion.kind == FusionKind::kPair) {
      p_values.push_back(d.bootstrap.p);
      adjusted.push_back(d.adjusted_p);
    } else {
      EXPECT_EQ(d.adjusted_p, d.bootstrap.p);
    }
  }
  EXPECT_EQ(adjusted, AdjustHolm(p_values));
}

TEST(FusionComparisonTest, TwoModelsHaveNoPairsBesideThemselves) {
  std::vector<ModelScores> two = Models(1);
  two.pop_back();
  const FusionComparison c = CompareFusions(two, {}, kQuick);
  EXPECT_EQ(c.results.size(), 2u + 4u);
  EXPECT_THAT(c.results[2].members, ElementsAre(0, 1));
}

TEST(FusionComparisonTest, EveryModelDecidesAtItsOwnThreshold) {
  std::vector<ModelScores> models = Models(1);
  models[1].threshold = 0.9;
  const FusionComparison c = CompareFusions(models, {}, kQuick);
  EXPECT_EQ(c.results[0].evaluation.threshold, 0.5);
  EXPECT_EQ(c.results[1].evaluation.threshold, 0.9);
  // The shares of votes are compared with one half.
  FusionOptions share = kQuick;
  share.aggregation = Aggregation::kMaxFaces;
  share.dataset.vote_score = VoteScore::kShare;
  EXPECT_EQ(CompareFusions(models, {}, share).results[1].evaluation.threshold, 0.5);
}

TEST(FusionComparisonTest, BadInputIsRefused) {
  const std::vector<ModelScores> models = Models(1);
  EXPECT_THROW(CompareFusions({models[0]}, {}, kQuick), Error);
  EXPECT_THROW(CompareFusions(models, {models[0]}, kQuick), Error);
  std::vector<ModelScores> other = models;
  other[2].files.pop_back();
  EXPECT_THROW(CompareFusions(other, {}, kQuick), Error);
  std::vector<ModelScores> real = models;
  for (ModelScores& model : real) {
    std::erase_if(model.files, [](const ScoredFile& file) { return file.label == 1; });
  }
  try {
    CompareFusions(real, {}, kQuick);
    FAIL();
  } catch (const Error& e) {
    EXPECT_THAT(e.what(), HasSubstr("no fake file has a face"));
  }
}

}  // namespace
}  // namespace unmask
