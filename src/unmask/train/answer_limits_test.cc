#include "unmask/train/answer_limits.h"

#include <gtest/gtest.h>

#include <vector>

#include "unmask/base/error.h"
#include "unmask/model/metadata.h"

namespace unmask {
namespace {

TEST(AnswerLimits, WorkedExample) {
  const std::vector<double> scores = {0.1, 0.2, 0.3, 0.9};
  const std::vector<int> labels = {0, 1, 0, 1};
  const std::vector<double> sharpness = {40, 10, 30, 20};
  // Two values a face: 1, 3, 5, 7 (mean 4, deviation √5) and always 2.
  const std::vector<float> embeddings = {1, 2, 3, 2, 5, 2, 7, 2};
  const AnswerLimits fit = FitAnswerLimits({.scores = scores,
                                            .labels = labels,
                                            .sharpness = sharpness,
                                            .embeddings = embeddings,
                                            .threshold = 0.6,
                                            .missed = 0.5});
  ASSERT_EQ(fit.embedding_mean.size(), 2u);
  EXPECT_DOUBLE_EQ(fit.embedding_mean[0], 4);
  EXPECT_NEAR(fit.embedding_deviation[0], 2.2361, 1e-4);
  EXPECT_DOUBLE_EQ(fit.embedding_deviation[1], 0);
  EXPECT_DOUBLE_EQ(fit.limits.real_below, 0.55);  // one of two fakes may lie below
  EXPECT_DOUBLE_EQ(fit.limits.least_sharpness, 10);
  EXPECT_NEAR(fit.limits.most_distance, 3 / 2.2361, 1e-4);
  fit.limits.Validate();

  ModelMetadata metadata;
  metadata.embedding_mean = fit.embedding_mean;
  metadata.embedding_deviation = fit.embedding_deviation;
  EXPECT_NEAR(EmbeddingDistance(metadata, std::vector<float>{40, 2}), 36 / 2.2361, 1e-3);
}

TEST(AnswerLimits, HalfAPercentOfTheFacesLiesBeyond) {
  std::vector<double> scores, sharpness;
  std::vector<int> labels;
  std::vector<float> embeddings;
  for (int i = 0; i < 1000; ++i) {
    scores.push_back(i / 1000.0);
    labels.push_back(i % 2);
    sharpness.push_back((i * 7) % 1000);
    embeddings.push_back(static_cast<float>((i * 13) % 1000));
  }
  const AnswerLimits fit = FitAnswerLimits(
      {.scores = scores, .labels = labels, .sharpness = sharpness, .embeddings = embeddings});
  EXPECT_DOUBLE_EQ(fit.limits.least_sharpness, 5);
  ModelMetadata metadata;
  metadata.embedding_mean = fit.embedding_mean;
  metadata.embedding_deviation = fit.embedding_deviation;
  int beyond = 0;
  for (const float value : embeddings) {
    beyond += EmbeddingDistance(metadata, {&value, 1}) > fit.limits.most_distance ? 1 : 0;
  }
  EXPECT_GE(beyond, 3);
  EXPECT_LE(beyond, 5);
}

TEST(AnswerLimits, BadInputIsRefused) {
  EXPECT_THROW(FitAnswerLimits({}), Error);
  const std::vector<double> one = {0.5}, two = {1, 2};
  const std::vector<int> label = {1};
  const std::vector<float> row = {1, 2};
  EXPECT_THROW(
      FitAnswerLimits({.scores = one, .labels = label, .sharpness = two, .embeddings = row}),
      Error);
}

}  // namespace
}  // namespace unmask
