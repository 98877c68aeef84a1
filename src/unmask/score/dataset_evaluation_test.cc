#include "unmask/score/dataset_evaluation.h"

#include <gtest/gtest.h>

#include <cmath>

#include "unmask/base/error.h"

namespace unmask {
namespace {

// A face with this score, calibrated with the temperature.
FaceScore Face(double score, double temperature = 1) {
  return {score, temperature * std::log(score / (1 - score))};
}

std::vector<ScoredFile> HandMade() {
  return {
      {.file = "a", .identity = "ann", .label = 0, .tracks = {{Face(0.2), Face(0.4)}, {Face(0.9)}}},
      {.file = "b",
       .identity = "bob",
       .class_name = "Deepfakes",
       .label = 1,
       .tracks = {{Face(0.9), Face(0.8), Face(0.7)}, {Face(0.1)}, {Face(0.2)}}},
      {.file = "c", .identity = "ann", .class_name = "Deepfakes", .label = 1, .tracks = {{}}},
      {.file = "d", .class_name = "FaceSwap", .label = 1, .failure = "no such file"},
      {.file = "e", .class_name = "FaceSwap", .label = 1, .tracks = {{Face(0.6)}}}};
}

TEST(DatasetEvaluationTest, EveryLevelHasItsItems) {
  const DatasetEvaluation d = EvaluateDataset(HandMade(), {.evaluation = {.resamples = 100}});
  ASSERT_EQ(d.levels.size(), 5u);
  const char* names[] = {"frame", "track", "MF", "MT", "AT"};
  const std::vector<std::vector<double>> scores = {{0.2, 0.4, 0.9, 0.9, 0.8, 0.7, 0.1, 0.2, 0.6},
                                                   {0.3, 0.9, 0.8, 0.1, 0.2, 0.6},
                                                   {0.3, 0.8, 0.6},
                                                   {0.6, 0.15, 0.6},
                                                   {0.6, 1.1 / 3, 0.6}};
  for (size_t l = 0; l < 5; ++l) {
    const Level& level = d.levels[l];
    EXPECT_EQ(level.name, names[l]);
    ASSERT_EQ(level.items.scores.size(), scores[l].size()) << level.name;
    for (size_t i = 0; i < scores[l].size(); ++i) {
      EXPECT_NEAR(level.items.scores[i], scores[l][i], 1e-12) << level.name << i;
    }
    EXPECT_EQ(level.evaluation.groups, 3);  // ann, bob, and the file e
  }
  EXPECT_DOUBLE_EQ(d.levels[2].evaluation.accuracy.value, 1);        // MF
  EXPECT_DOUBLE_EQ(d.levels[3].evaluation.accuracy.value, 1.0 / 3);  // MT
  EXPECT_DOUBLE_EQ(d.levels[4].evaluation.accuracy.value, 1.0 / 3);  // AT
  EXPECT_EQ(VideoScores(HandMade()[1], {}), (std::array<double, 3>{
                                                (0.9 + 0.8 + 0.7) / 3,
                                                (0.1 + 0.2) / 2,
                                                ((0.9 + 0.8 + 0.7) / 3 + 0.1 + 0.2) / 3,
                                            }));
}

TEST(DatasetEvaluationTest, FilesWithoutAScoreAreCounted) {
  const DatasetEvaluation d = EvaluateDataset(HandMade(), {.evaluation = {.resamples = 100}});
  EXPECT_EQ(d.total.files, 5);
  EXPECT_EQ(d.total.no_face, 1);
  EXPECT_EQ(d.total.failed, 1);
  EXPECT_EQ(d.total.tracks, 6);
  EXPECT_EQ(d.total.faces, 9);
  ASSERT_EQ(d.classes.size(), 3u);
  EXPECT_EQ(d.classes[0].name, "real");
  EXPECT_EQ(d.classes[1].name, "Deepfakes");
  EXPECT_EQ(d.classes[1].no_face, 1);
  EXPECT_EQ(d.classes[2].failed, 1);
  EXPECT_EQ(d.classes[2].files, 2);

  const DatasetEvaluation none = EvaluateDataset({HandMade()[2], HandMade()[3]});
  EXPECT_TRUE(none.levels.empty());
  EXPECT_EQ(none.total.files, 2);
  EXPECT_TRUE(EvaluateDataset({}).levels.empty());
}

TEST(DatasetEvaluationTest, WithoutCalibrationTheVotesAreTheSame) {
  // Temperature 3 pulls a margin of 3 · logit(0.7) to the score 0.7. At the threshold 0.65 the two
  // faces win; their uncalibrated mean is that of sigmoid(3 · logit).
  const std::vector<ScoredFile> files = {
      {.file = "a", .label = 1, .tracks = {{Face(0.7, 3), Face(0.8, 3), Face(0.6, 3)}}},
      {.file = "b", .label = 0, .tracks = {{Face(0.5, 3)}}}};
  const DatasetEvaluation d = EvaluateDataset(
      files, {.evaluation = {.threshold = 0.65, .resamples = 100}, .temperature = 3});
  const auto raw = [](double s) { return std::pow(s, 3) / (std::pow(s, 3) + std::pow(1 - s, 3)); };
  EXPECT_NEAR(d.levels[2].items.scores[0], 0.75, 1e-12);
  EXPECT_NEAR(d.levels[2].items.raw_scores[0], (raw(0.7) + raw(0.8)) / 2, 1e-12);
  EXPECT_NEAR(d.levels[0].items.raw_scores[2], raw(0.6), 1e-12);
  EXPECT_NEAR(d.levels[0].evaluation.raw_log_loss->value,
              -(std::log(raw(0.7)) + std::log(raw(0.8)) + std::log(raw(0.6)) + std::log(0.5)) / 4,
              1e-12);
}

TEST(DatasetEvaluationTest, AShareOfVotesIsComparedWithOneHalf) {
  DatasetOptions options{.evaluation = {.threshold = 0.75, .resamples = 100},
                         .vote_score = VoteScore::kShare};
  const DatasetEvaluation d = EvaluateDataset(HandMade(), options);
  EXPECT_DOUBLE_EQ(d.levels[2].evaluation.threshold, 0.5);
  EXPECT_DOUBLE_EQ(d.levels[2].items.scores[1], 2.0 / 5);
  EXPECT_DOUBLE_EQ(d.levels[4].evaluation.threshold, 0.75);
  options.evaluation.threshold = 2;
  EXPECT_THROW(EvaluateDataset(HandMade(), options), UsageError);
}

}  // namespace
}  // namespace unmask
