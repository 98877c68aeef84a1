#include "unmask/explain/grad_cam.h"

#include <gmock/gmock.h>

#include <algorithm>
#include <cmath>

#include "unmask/base/error.h"
#include "unmask/base/random.h"
#include "unmask/explain/test_heads.h"

namespace unmask {
namespace {

using ::testing::ElementsAre;

constexpr int kChannels = 6, kHeight = 3, kWidth = 4, kCells = kHeight * kWidth;

std::vector<float> MadeUpFeatures(double lowest = 0) {
  Random random(2);
  std::vector<float> features;
  for (int i = 0; i < kChannels * kCells; ++i) {
    features.push_back(static_cast<float>(Uniform(random, lowest, 2)));
  }
  return features;
}

double ScoreOf(const std::vector<float>& features, const ModelHead& head,
               const ExplainedScore& score) {
  return ExplainFeatures(features, kHeight, kWidth, head, score, CamMethod::kGradCam).score;
}

// The definitions, place by place, with gradients by finite differences of the whole head.
std::vector<double> ByDefinition(const std::vector<float>& features, const ModelHead& head,
                                 const ExplainedScore& score, CamMethod method) {
  std::vector<double> map(kCells);
  for (int k = 0; k < kChannels; ++k) {
    std::vector<double> g(kCells);
    double sum = 0;
    for (int i = 0; i < kCells; ++i) {
      std::vector<float> up = features, down = features;
      float& above = up[k * kCells + i];
      float& below = down[k * kCells + i];
      above += 0.01f;
      below -= 0.01f;
      g[i] = (ScoreOf(up, head, score) - ScoreOf(down, head, score)) / (above - below);
      sum += features[k * kCells + i];
    }
    double weight = 0;
    for (int i = 0; i < kCells; ++i) {
      if (method == CamMethod::kGradCam) {
        weight += g[i] / kCells;
      } else {
        const double divisor = 2 * g[i] * g[i] + sum * g[i] * g[i] * g[i];
        weight += (divisor == 0 ? 0 : g[i] * g[i] / divisor) * std::max(g[i], 0.0);
      }
    }
    for (int i = 0; i < kCells; ++i) map[i] += weight * features[k * kCells + i];
  }
  for (double& value : map) value = std::max(value, 0.0);
  return map;
}

class EveryHeadsMap : public ::testing::TestWithParam<std::string> {};

TEST_P(EveryHeadsMap, MapsAreThoseOfTheDefinition) {
  const ModelHead head = MadeUpHead(GetParam(), kChannels, 2);
  const std::vector<float> features = MadeUpFeatures();
  for (const CamMethod method : {CamMethod::kGradCam, CamMethod::kGradCamPlusPlus}) {
    for (const int fake : {0, 1}) {
      const ExplainedScore score{ExplainedTarget::kMargin, fake};
      const CamResult result = ExplainFeatures(features, kHeight, kWidth, head, score, method);
      const std::vector<double> expected = ByDefinition(features, head, score, method);
      const double tolerance = 1e-3 * *std::max_element(expected.begin(), expected.end());
      ASSERT_EQ(result.map.width, kWidth);
      ASSERT_EQ(result.map.height, kHeight);
      for (int i = 0; i < kCells; ++i) {
        EXPECT_NEAR(result.map.values[i], expected[i], tolerance + 1e-6) << NameOf(method);
      }
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Kinds, EveryHeadsMap, ::testing::ValuesIn(HeadKinds()));

// With a linear head the map without its lower bound adds up to the score less the bias: each cell
// shows what it contributes.
TEST(GradCam, ALinearHeadsMapAddsUpToTheScore) {
  ModelHead head = {kChannels,
                    {HeadLinear{kChannels, 2, {0, 0, 0, 0, 0, 0, 1, 2, 3, 1, 2, 3}, {}}}};
  const CamResult result =
      ExplainFeatures(MadeUpFeatures(), kHeight, kWidth, head, {}, CamMethod::kGradCam);
  double sum = 0;
  for (const float value : result.map.values) sum += value;
  EXPECT_NEAR(sum, result.score, 1e-5);
  EXPECT_GT(result.score, 1);
}

TEST(GradCam, WhatSpeaksAgainstIsZero) {
  const ModelHead head = {1, {HeadLinear{1, 2, {1, -1}, {}}}};
  const std::vector<float> features = {1, 2};
  EXPECT_THAT(ExplainFeatures(features, 1, 2, head, {}, CamMethod::kGradCam).map.values,
              ElementsAre(0, 0));
  EXPECT_THAT(
      ExplainFeatures(features, 1, 2, head, {ExplainedTarget::kReal, 1}, CamMethod::kGradCam)
          .map.values,
      ElementsAre(0.5f, 1));
}

TEST(GradCam, RefusesFeaturesOfAnotherSize) {
  const ModelHead head = MadeUpHead("linear", kChannels, 2);
  EXPECT_THROW(ExplainFeatures(std::vector<float>(7), 1, 1, head, {}, CamMethod::kGradCam), Error);
}

TEST(GradCam, NamesAreKnownAndNearestOffered) {
  for (const char* name : {"grad-cam", "grad-cam++"}) {
    EXPECT_EQ(NameOf(CamMethodFromName(name)), name);
  }
  for (const char* name : {"margin", "fake", "real"}) {
    EXPECT_EQ(NameOf(ExplainedTargetFromName(name)), name);
  }
  EXPECT_THROW(CamMethodFromName("gradcam"), UsageError);
  EXPECT_THROW(ExplainedTargetFromName("both"), UsageError);
}

TEST(HeatMap, IsReadBetweenTheCentresOfItsCells) {
  const HeatMap map{2, 2, {0, 1, 2, 3}};
  EXPECT_FLOAT_EQ(map.At(0.25, 0.25), 0);
  EXPECT_FLOAT_EQ(map.At(0.5, 0.25), 0.5f);
  EXPECT_FLOAT_EQ(map.At(0.5, 0.5), 1.5f);
  EXPECT_FLOAT_EQ(map.At(0, 0), 0);
  EXPECT_FLOAT_EQ(map.At(1, 1), 3);
  EXPECT_FLOAT_EQ(map.Largest(), 3);
  EXPECT_FLOAT_EQ(HeatMap().At(0.5, 0.5), 0);
}

TEST(HeatMap, MeanOfMaps) {
  const std::vector<HeatMap> maps = {{2, 1, {0, 1}}, {2, 1, {1, 3}}};
  EXPECT_THAT(MeanMap(maps).values, ElementsAre(0.5f, 2));
  EXPECT_TRUE(MeanMap({}).empty());
}

}  // namespace
}  // namespace unmask
