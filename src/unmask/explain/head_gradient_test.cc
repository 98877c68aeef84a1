#include "unmask/explain/head_gradient.h"

#include <gmock/gmock.h>

#include <cmath>
#include <functional>
#include <map>
#include <numeric>

#include "unmask/backbones/registry.h"
#include "unmask/base/error.h"
#include "unmask/base/random.h"
#include "unmask/base/temporary_folder.h"
#include "unmask/explain/test_heads.h"
#include "unmask/infer/session.h"
#include "unmask/model/model_file.h"

namespace unmask {
namespace {

using ::testing::HasSubstr;

class EveryHead : public ::testing::TestWithParam<std::string> {};

TEST_P(EveryHead, GradientIsThatOfFiniteDifferences) {
  const ModelHead head = MadeUpHead(GetParam(), 6, 3);
  Random random(11);
  std::vector<double> pooled;
  for (int i = 0; i < 6; ++i) pooled.push_back(Uniform(random, -1, 2));
  for (const ExplainedTarget target :
       {ExplainedTarget::kMargin, ExplainedTarget::kFake, ExplainedTarget::kReal}) {
    for (const int fake : {0, 1, 2}) {
      const ExplainedScore score{target, fake};
      const ScoreGradient gradient = HeadGradient(head, pooled, score);
      EXPECT_DOUBLE_EQ(gradient.score, score.Value(HeadLogits(head, pooled)));
      for (size_t i = 0; i < pooled.size(); ++i) {
        std::vector<double> up = pooled, down = pooled;
        constexpr double kStep = 1e-5;
        up[i] += kStep;
        down[i] -= kStep;
        const double numeric =
            (score.Value(HeadLogits(head, up)) - score.Value(HeadLogits(head, down))) / (2 * kStep);
        EXPECT_NEAR(gradient.per_pooled[i], numeric, 1e-7 * (1 + std::fabs(numeric)));
      }
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Kinds, EveryHead, ::testing::ValuesIn(HeadKinds()));

TEST(HeadGradient, BelowEpsilonANormalisationIsLinear) {
  const ModelHead head = {2, {L2Normalize{.epsilon = 1}, HeadLinear{2, 2, {1, 2, 3, 5}, {}}}};
  const std::vector<double> pooled = {0.1, 0.2};
  EXPECT_THAT(HeadGradient(head, pooled, {ExplainedTarget::kMargin, 1}).per_pooled,
              ::testing::ElementsAre(2, 3));
}

TEST(HeadGradient, ASingleLogitSpeaksOfClassOne) {
  const ModelHead head = {2, {HeadLinear{2, 1, {3, -4}, {0.5f}}}};
  const std::vector<double> pooled = {1, 1};
  const auto at = [&](ExplainedTarget target, int fake) {
    return HeadGradient(head, pooled, {target, fake});
  };
  EXPECT_DOUBLE_EQ(at(ExplainedTarget::kMargin, 1).score, -0.5);
  EXPECT_THAT(at(ExplainedTarget::kMargin, 1).per_pooled, ::testing::ElementsAre(3, -4));
  EXPECT_DOUBLE_EQ(at(ExplainedTarget::kMargin, 0).score, 0.5);
  EXPECT_THAT(at(ExplainedTarget::kMargin, 0).per_pooled, ::testing::ElementsAre(-3, 4));
}

TEST(HeadGradient, RefusesAMapOfAnotherModel) {
  const ModelHead head = {2, {HeadLinear{2, 1, {3, -4}, {}}}};
  EXPECT_THROW(HeadGradient(head, std::vector<double>{1, 2, 3}, {}), Error);
}

// A model file of each backbone's kind of head: the logits computed here from its features are
// those that the network gives.
TEST(ReadModelHead, GivesTheLogitsOfTheNetwork) {
  const TemporaryFolder folder;
  for (const char* backbone : {"mobilenet_v3_large", "efficientnet_lite0"}) {
    const Graph graph = BuildClassifier(FindBackbone(backbone), 64, 2);
    Weights weights;
    Random random(3);
    for (const Parameter& p : graph.Parameters()) {
      const int64_t count =
          std::accumulate(p.shape.begin(), p.shape.end(), int64_t{1}, std::multiplies<int64_t>());
      const bool scale = p.shape.size() == 1 && !p.name.ends_with("bias");
      const double size = p.shape.size() > 1 ? std::sqrt(2.0 * p.shape[0] / count) : 0.1;
      for (int64_t i = 0; i < count; ++i) {
        weights[p.name].values.push_back(
            static_cast<float>(scale ? Uniform(random, 0.5, 1.5) : Normal(random, 0, size)));
      }
      weights[p.name].shape = p.shape;
    }
    const std::filesystem::path file = folder.path() / "model.onnx";
    WriteModel(file, graph, weights, {});
    const ModelHead head = ReadModelHead(file);
    Session session(file, {.use_cache = false});
    std::vector<float> images(3 * 64 * 64);
    for (float& value : images) value = static_cast<float>(Normal(random, 0, 1));
    session.Run(images, {1, 3, 64, 64});
    const TensorView& features = session.output("features");
    ASSERT_EQ(features.shape[1], head.channels) << backbone;
    std::vector<double> pooled;
    const size_t cells = features.values.size() / head.channels;
    for (int64_t k = 0; k < head.channels; ++k) {
      const auto channel = features.values.subspan(k * cells, cells);
      pooled.push_back(std::accumulate(channel.begin(), channel.end(), 0.0) / cells);
    }
    const std::vector<double> logits = HeadLogits(head, pooled);
    ASSERT_EQ(logits.size(), 2);
    for (size_t i = 0; i < 2; ++i) {
      EXPECT_NEAR(logits[i], session.output("logits").values[i], 1e-4 * (1 + std::fabs(logits[i])))
          << backbone;
    }
  }
}

TEST(ReadModelHead, SaysWhatIsMissing) {
  const TemporaryFolder folder;
  const std::filesystem::path file = folder.path() / "model.onnx";
  const auto problem = [&](const std::function<void(GraphBuilder&)>& build) {
    GraphBuilder builder;
    build(builder);
    const Graph graph = std::move(builder).Build();
    Weights weights;
    for (const Parameter& p : graph.Parameters()) {
      const int64_t count =
          std::accumulate(p.shape.begin(), p.shape.end(), int64_t{1}, std::multiplies<int64_t>());
      weights[p.name] = {p.shape, std::vector<float>(static_cast<size_t>(count), 1.0f)};
    }
    WriteModel(file, graph, weights, {});
    try {
      ReadModelHead(file);
    } catch (const Error& e) {
      EXPECT_THAT(e.problem(), HasSubstr("model.onnx"));
      EXPECT_THAT(e.remedy(), HasSubstr("'features'"));
      return e.problem();
    }
    return std::string("read without complaint");
  };
  EXPECT_THAT(problem([](GraphBuilder& b) {
                const int pooled = b.AddNode(GlobalAveragePool{}, {b.AddInput(3, 8, 8)});
                b.SetOutput("logits", b.AddNode(Linear{.out_features = 2}, {pooled}, "head"));
              }),
              HasSubstr("no output called 'features'"));
  EXPECT_THAT(problem([](GraphBuilder& b) {
                const int image = b.AddInput(3, 8, 8);
                b.SetOutput("features", b.AddNode(Activation::kRelu, {image}));
                const int pooled = b.AddNode(GlobalAveragePool{}, {image});
                b.SetOutput("logits", b.AddNode(Linear{.out_features = 2}, {pooled}, "head"));
              }),
              HasSubstr("not computed from the output 'features' alone"));
  EXPECT_THAT(problem([](GraphBuilder& b) {
                const int map = b.AddNode(Activation::kRelu, {b.AddInput(3, 8, 8)});
                b.SetOutput("features", map);
                const int pooled = b.AddNode(GlobalAveragePool{}, {map});
                const int gate = b.AddNode(Activation::kSigmoid, {pooled});
                b.SetOutput("logits", b.AddNode(Linear{.out_features = 2}, {gate}, "head"));
              }),
              HasSubstr("a step that is not understood (Sigmoid)"));
}

}  // namespace
}  // namespace unmask
