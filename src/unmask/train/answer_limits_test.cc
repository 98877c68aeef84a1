#include "unmask/train/answer_limits.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <vector>

#include "unmask/base/error.h"
#include "unmask/model/metadata.h"

namespace unmask {
namespace {

TEST(AnswerLimits, WorkedExample) {
  const std::vector<double> scores = {0.1, 0.2, 0.3, 0.9};
  const std::vector<int> labels = {0, 1, 0, 1};
  const std::vector<double> sharpness = {40, 10, 30, 20};
  // Two values a face: 1, 3, 5, 7 (mean 4, variance 5) and always 2. The variances' mean is 2.5, so
  // they become 0.9 · 5 + 0.25 = 4.75 and 0.25.
  const std::vector<float> embeddings = {1, 2, 3, 2, 5, 2, 7, 2};
  const AnswerLimits fit = FitAnswerLimits({.scores = scores,
                                            .labels = labels,
                                            .sharpness = sharpness,
                                            .embeddings = embeddings,
                                            .threshold = 0.6,
                                            .missed = 0.5});
  ASSERT_EQ(fit.embedding_mean.size(), 2u);
  EXPECT_DOUBLE_EQ(fit.embedding_mean[0], 4);
  EXPECT_NEAR(fit.embedding_deviation[0], 2.1794, 1e-4);
  EXPECT_DOUBLE_EQ(fit.embedding_deviation[1], 0.5);
  EXPECT_DOUBLE_EQ(fit.limits.real_below, 0.55);  // one of two fakes may lie below
  EXPECT_DOUBLE_EQ(fit.limits.least_sharpness, 10);
  EXPECT_NEAR(fit.limits.most_distance, 0.97333, 1e-4);  // √(3² / 4.75 / 2)
  fit.limits.Validate();

  ModelMetadata metadata;
  metadata.embedding_mean = fit.embedding_mean;
  metadata.embedding_deviation = fit.embedding_deviation;
  EXPECT_NEAR(EmbeddingDistance(metadata, std::vector<float>{40, 2}), 11.680, 1e-3);
}

TEST(AnswerLimits, AValueThatHardlyMovedDoesNotRuleTheDistance) {
  constexpr size_t kFaces = 200, kWidth = 10;
  std::vector<double> scores, sharpness(kFaces, 100);
  std::vector<int> labels;
  std::vector<float> embeddings;
  for (size_t face = 0; face < kFaces; ++face) {
    scores.push_back(static_cast<double>(face) / kFaces);
    labels.push_back(static_cast<int>(face % 2));
    for (size_t i = 0; i < kWidth; ++i) {
      const auto wave = static_cast<float>(std::sin(static_cast<double>(face * (i + 3))));
      embeddings.push_back(i + 1 < kWidth ? wave : 1e-4f * wave);  // the last is nearly dead
    }
  }
  const AnswerLimits fit = FitAnswerLimits(
      {.scores = scores, .labels = labels, .sharpness = sharpness, .embeddings = embeddings});
  ModelMetadata metadata;
  metadata.embedding_mean = fit.embedding_mean;
  metadata.embedding_deviation = fit.embedding_deviation;
  std::vector<float> face(kWidth, 0.5f);  // as usual, but for the last, which wakes a little
  EXPECT_LT(EmbeddingDistance(metadata, face), fit.limits.most_distance);
  face.assign(kWidth, 5);
  EXPECT_GT(EmbeddingDistance(metadata, face), fit.limits.most_distance);
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

TEST(AnswerLimits, BlurThatLooksFakeIsOutside) {
  std::vector<double> scores(60, 0.1), sharpness(60, 100);
  std::fill_n(sharpness.begin(), 5, 10);
  std::vector<int> labels(60, 0);
  labels.back() = 1;
  const std::vector<float> embeddings(60, 1);
  const std::vector<double> blurred_scores(50, 0.9), blurred_sharpness(50, 20);
  ValidatedFaces faces{.scores = scores,
                       .labels = labels,
                       .sharpness = sharpness,
                       .embeddings = embeddings,
                       .blurred_scores = blurred_scores,
                       .blurred_sharpness = blurred_sharpness,
                       .threshold = 0.5};
  EXPECT_EQ(FitAnswerLimits(faces).limits.least_sharpness, 100);
  faces.threshold = 0.95;  // blurred or not, none is called fake
  EXPECT_EQ(FitAnswerLimits(faces).limits.least_sharpness, 10);
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
