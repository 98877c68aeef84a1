#include "unmask/score/fusion.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <string>
#include <vector>

#include "unmask/base/error.h"
#include "unmask/score/log_odds.h"
#include "unmask/score/test_scores.h"

namespace unmask {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

ScoredFile File(const std::string& name, int label, const std::vector<double>& margins,
                double temperature) {
  ScoredFile file{.file = name, .identity = name, .label = label};
  std::vector<FaceScore>& faces = file.tracks.emplace_back();
  for (const double m : margins) faces.push_back({Sigmoid(m / temperature), m});
  return file;
}

// A model of two files, the second without a face.
ModelScores Model(const std::string& name, const std::vector<double>& margins, double temperature,
                  double threshold = 0.5) {
  ModelScores model{.name = name,
                    .files = {File("a.mp4", 1, margins, temperature)},
                    .temperature = temperature,
                    .threshold = threshold};
  model.files.push_back({.file = "empty.mp4", .label = 0});
  return model;
}

TEST(FusionTest, EachRuleIsItsMean) {
  const ModelScores a = Model("a", {3, -1}, 2), b = Model("b", {-2, 10}, 0.5);
  const auto fused = [&](FusionRule rule) { return Fuse({&a, &b}, rule).files[0].tracks[0]; };
  const auto p = [](double margin) { return Sigmoid(margin); };
  EXPECT_DOUBLE_EQ(fused(FusionRule::kProbability)[0].score, (p(1.5) + p(-4)) / 2);
  EXPECT_DOUBLE_EQ(fused(FusionRule::kRawProbability)[0].score, (p(3) + p(-2)) / 2);
  EXPECT_DOUBLE_EQ(fused(FusionRule::kLogit)[0].margin, (1.5 - 4) / 2);
  EXPECT_DOUBLE_EQ(fused(FusionRule::kRawLogit)[0].margin, 0.5);
  EXPECT_DOUBLE_EQ(fused(FusionRule::kRawLogit)[1].margin, 4.5);
  for (const FusionRule rule : kFusionRules) {
    for (const FaceScore& face : fused(rule)) EXPECT_NEAR(Sigmoid(face.margin), face.score, 1e-12);
    const ModelScores whole = Fuse({&a, &b}, rule);
    EXPECT_EQ(whole.name, "a + b");
    EXPECT_EQ(whole.temperature, 1);
    ASSERT_EQ(whole.files.size(), 2u);
    EXPECT_FALSE(whole.files[1].has_score());
    EXPECT_EQ(whole.threshold, 0.5);
  }
}

TEST(FusionTest, AModelWithItselfIsItself) {
  const ModelScores a = MadeUpScores("a", 1, 1);
  for (const FusionRule rule : kFusionRules) {
    const ModelScores fused = Fuse({&a, &a, &a}, rule);
    for (size_t f = 0; f < a.files.size(); ++f) {
      for (size_t i = 0; i < 2; ++i) {
        EXPECT_NEAR(fused.files[f].tracks[0][i].score, a.files[f].tracks[0][i].score, 1e-12);
      }
    }
  }
}

TEST(FusionTest, WhereEveryMemberStandsAtItsThresholdSoDoesTheFusion) {
  for (const FusionRule rule : kFusionRules) {
    const double margin_a = LogOdds(0.8) * 2, margin_b = LogOdds(0.6) * 0.5;
    const ModelScores a = Model("a", {margin_a}, 2, 0.8), b = Model("b", {margin_b}, 0.5, 0.6);
    const ModelScores fused = Fuse({&a, &b}, rule);
    EXPECT_NEAR(fused.files[0].tracks[0][0].score, fused.threshold, 1e-12) << NameOf(rule);
  }
}

TEST(FusionTest, CertainScoresStayFinite) {
  const ModelScores a = Model("a", {800, -800}, 1), b = Model("b", {900, -900}, 1, 1);
  for (const FusionRule rule : kFusionRules) {
    const ModelScores fused = Fuse({&a, &b}, rule);
    for (const FaceScore& face : fused.files[0].tracks[0]) {
      EXPECT_TRUE(std::isfinite(face.margin) && std::isfinite(face.score)) << NameOf(rule);
      EXPECT_TRUE(face.score >= 0 && face.score <= 1);
    }
    EXPECT_TRUE(fused.threshold >= 0.5 && fused.threshold <= 1) << NameOf(rule);
  }
}

TEST(FusionTest, AFusionIsEvaluatedAsAModel) {
  const ModelScores a = MadeUpScores("a", 0.6, 1), b = MadeUpScores("b", 0.6, 2);
  const ModelScores fused = Fuse({&a, &b}, FusionRule::kLogit);
  const auto auc = [](const ModelScores& m) {
    return EvaluateDataset(m.files).levels[4].evaluation.auc->value;
  };
  EXPECT_GT(auc(fused), std::max(auc(a), auc(b)));
}

TEST(FusionTest, MembersThatDisagreeAreNamed) {
  const auto refuse = [](auto change, const std::string& cause) {
    const ModelScores a = Model("first", {1, 2}, 1);
    ModelScores b = Model("second", {1, 2}, 1);
    change(b);
    try {
      Fuse({&a, &b}, FusionRule::kLogit);
      ADD_FAILURE() << "accepted: " << cause;
    } catch (const Error& e) {
      EXPECT_THAT(e.problem(), HasSubstr(cause));
      EXPECT_THAT(e.problem(), HasSubstr("first"));
      EXPECT_THAT(e.problem(), HasSubstr("second"));
    }
  };
  refuse([](ModelScores& m) { m.files.pop_back(); }, "2 and 1 files");
  refuse([](ModelScores& m) { m.files[0].file = "b.mp4"; }, "a.mp4: ");
  refuse([](ModelScores& m) { m.files[0].file = "b.mp4"; }, "b.mp4");
  refuse([](ModelScores& m) { m.files[0].label = 0; }, "a.mp4: ");
  refuse([](ModelScores& m) { m.files[0].class_name = "FaceSwap"; }, "its label");
  refuse([](ModelScores& m) { m.files[1].failure = "broken"; }, "empty.mp4: ");
  refuse([](ModelScores& m) { m.files[0].tracks.emplace_back(); }, "its tracks: 1 and 2");
  refuse([](ModelScores& m) { m.files[0].tracks[0].pop_back(); }, "its track 1: 2 and 1");
  const ModelScores alone = Model("alone", {1}, 1);
  EXPECT_THROW(Fuse({&alone}, FusionRule::kLogit), Error);
  EXPECT_THROW(Fuse({}, FusionRule::kLogit), Error);
}

TEST(FusionTest, AllPairs) {
  EXPECT_THAT(AllPairs(3), ElementsAre(ElementsAre(0, 1), ElementsAre(0, 2), ElementsAre(1, 2)));
  EXPECT_EQ(AllPairs(8).size(), 28u);
  EXPECT_TRUE(AllPairs(1).empty());
}

TEST(GreedyTest, TakesWhatHelpsAndNoMore) {
  // Two good ones whose errors differ, a copy of the first and one that guesses.
  const std::vector<ModelScores> models = {
      MadeUpScores("noise", 0, 5), MadeUpScores("good", 0.8, 1), MadeUpScores("copy", 0.8, 1),
      MadeUpScores("other", 0.5, 2)};
  const auto steps = SelectGreedily(models, FusionRule::kLogit, Aggregation::kMeanTracks);
  ASSERT_GE(steps.size(), 2u);
  EXPECT_EQ(steps[0].added, 1u);
  EXPECT_EQ(steps[1].added, 3u);
  for (size_t s = 1; s < steps.size(); ++s) {
    EXPECT_TRUE(steps[s].auc > steps[s - 1].auc ||
                (std::abs(steps[s].auc - steps[s - 1].auc) < 1e-12 &&
                 steps[s].log_loss < steps[s - 1].log_loss));
  }
  const ModelScores fused = Fuse({&models[1], &models[3]}, FusionRule::kLogit);
  const Level level = EvaluateDataset(fused.files).levels[4];
  EXPECT_NEAR(steps[1].auc, level.evaluation.auc->value, 1e-12);
  EXPECT_NEAR(steps[1].log_loss, level.evaluation.log_loss.value, 1e-12);
}

TEST(GreedyTest, ALowerLogLossDecidesBetweenEqualAucs) {
  // Both tell all apart; the second is surer of it.
  const std::vector<ModelScores> perfect = {MadeUpScores("timid", 2, 1, 0.1),
                                            MadeUpScores("sure", 6, 2, 0.1)};
  const auto steps = SelectGreedily(perfect, FusionRule::kProbability, Aggregation::kMaxFaces);
  ASSERT_EQ(steps.size(), 1u);
  EXPECT_EQ(steps[0].added, 1u);
  EXPECT_EQ(steps[0].auc, 1);
}

TEST(GreedyTest, BadInputIsRefused) {
  EXPECT_THROW(SelectGreedily({}, FusionRule::kLogit, Aggregation::kMeanTracks), Error);
  const std::vector<ModelScores> one_class = {Model("a", {1}, 1), Model("b", {1}, 1)};
  EXPECT_THROW(SelectGreedily(one_class, FusionRule::kLogit, Aggregation::kMeanTracks), Error);
}

TEST(FusionRuleTest, HaveNames) {
  for (const FusionRule rule : kFusionRules) EXPECT_EQ(FusionRuleFromName(NameOf(rule)), rule);
  EXPECT_THROW(FusionRuleFromName("median"), UsageError);
}

}  // namespace
}  // namespace unmask
