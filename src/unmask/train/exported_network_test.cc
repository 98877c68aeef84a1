#include "unmask/train/exported_network.h"

#include <ATen/ATen.h>
#include <gmock/gmock.h>
#include <torch/csrc/autograd/autograd.h>

#include <cmath>
#include <functional>
#include <numeric>

#include "unmask/backbones/registry.h"
#include "unmask/base/error.h"
#include "unmask/base/random.h"
#include "unmask/base/temporary_folder.h"
#include "unmask/explain/grad_cam.h"
#include "unmask/infer/session.h"
#include "unmask/losses/registry.h"
#include "unmask/model/model_file.h"
#include "unmask/nn/grad_cam.h"

namespace unmask {
namespace {

namespace fs = std::filesystem;
using ::testing::AllOf;
using ::testing::Contains;
using ::testing::HasSubstr;
using ::testing::Not;

constexpr int kSize = 64;

WeightTensor MadeUp(const Parameter& parameter, Random& random) {
  const int64_t count = std::accumulate(parameter.shape.begin(), parameter.shape.end(), int64_t{1},
                                        std::multiplies<int64_t>());
  const bool kernel = parameter.shape.size() > 1;
  const bool scale =
      !kernel && !parameter.name.ends_with("bias") && !parameter.name.ends_with("running_mean");
  const double deviation = kernel ? std::sqrt(2.0 * parameter.shape[0] / count) : 0.1;
  WeightTensor tensor{parameter.shape, {}};
  for (int64_t i = 0; i < count; ++i) {
    tensor.values.push_back(
        static_cast<float>(scale ? Uniform(random, 0.5, 1.5) : Normal(random, 0, deviation)));
  }
  return tensor;
}

// A model as `unmask train` writes it, with made-up weights. `change` may change them.
void WriteMadeUp(const fs::path& path, const std::string& backbone_name, const LossKind& loss_kind,
                 int64_t embedding_size, const std::function<void(Weights&)>& change = nullptr) {
  const Backbone& backbone = FindBackbone(backbone_name);
  Graph trunk = backbone.build(kSize, 0, 0);
  int embedding = trunk.outputs.at("embedding");
  GraphBuilder builder(std::move(trunk));
  if (embedding_size > 0) {
    embedding = builder.AddNode(Linear{.out_features = embedding_size}, {embedding}, "embedding");
    builder.SetOutput("embedding", embedding);
  }
  Random random(17);
  const LossShape shape{.embedding = builder.shape(embedding)[0],
                        .classes = 2,
                        .name = std::string(backbone.classifier_name),
                        .class_weights = {}};
  const auto loss = loss_kind.maker.make(shape, Json::object(), random);
  builder.SetOutput("logits", loss->AddHead(builder, embedding));
  const Graph graph = std::move(builder).Build();
  Weights weights;
  for (const Parameter& p : graph.Parameters()) weights[p.name] = MadeUp(p, random);
  if (change) change(weights);
  ModelMetadata metadata;
  metadata.backbone = backbone_name;
  metadata.loss = loss_kind.name;
  metadata.input_width = metadata.input_height = kSize;
  WriteModel(path, graph, weights, metadata);
}

at::Tensor MadeUpImages() {
  at::manual_seed(4);
  return at::randn({2, 3, kSize, kSize});
}

// The maps in closed form, from what OpenVINO computes, against those of LibTorch.
void ExpectSameMaps(const fs::path& file, const std::string& layer, float precision) {
  ExportedNetwork network(file, layer);
  const at::Tensor images = MadeUpImages();
  Session session(file, {.use_cache = false});
  session.Run({images.data_ptr<float>(), static_cast<size_t>(images.numel())},
              {2, 3, kSize, kSize});
  const TensorView& features = session.output("features");
  const ModelHead head = ReadModelHead(file);
  const size_t size = features.values.size() / 2;
  for (const ExplainedTarget target :
       {ExplainedTarget::kMargin, ExplainedTarget::kFake, ExplainedTarget::kReal}) {
    for (const CamMethod method : {CamMethod::kGradCam, CamMethod::kGradCamPlusPlus}) {
      const at::Tensor maps =
          network.Maps(images, std::string(NameOf(target)), method == CamMethod::kGradCamPlusPlus);
      ASSERT_EQ(maps.sizes(), (std::vector<int64_t>{2, features.shape[2], features.shape[3]}));
      const float tolerance = precision * maps.max().item<float>();
      for (int i = 0; i < 2; ++i) {
        const CamResult result = ExplainFeatures(
            features.values.subspan(i * size, size), static_cast<int>(features.shape[2]),
            static_cast<int>(features.shape[3]), head, {target, 1}, method);
        const at::Tensor closed =
            at::tensor(result.map.values).view({features.shape[2], features.shape[3]});
        EXPECT_LE((closed - maps[i]).abs().max().item<float>(), tolerance)
            << NameOf(method) << " " << NameOf(target);
      }
    }
  }
}

class EveryLoss : public ::testing::TestWithParam<std::string> {};

TEST_P(EveryLoss, ClosedFormIsWhatAutogradGives) {
  const TemporaryFolder folder;
  const fs::path file = folder.path() / "model.onnx";
  for (const int64_t embedding : {0, 24}) {
    WriteMadeUp(file, "efficientnet_lite0", FindLoss(GetParam()), embedding);
    ExpectSameMaps(file, "bn2", 1e-4f);
  }
}

std::vector<std::string> LossNames() {
  std::vector<std::string> names;
  for (const LossKind& loss : Losses()) names.emplace_back(loss.name);
  return names;
}
INSTANTIATE_TEST_SUITE_P(Table, EveryLoss, ::testing::ValuesIn(LossNames()));

TEST(ExportedNetwork, HeadsBehindPoolingMayHaveLayers) {
  const TemporaryFolder folder;
  const fs::path file = folder.path() / "model.onnx";
  WriteMadeUp(file, "mobilenet_v3_large", FindLoss("arcface"), 0);
  ExpectSameMaps(file, "blocks.6.0", 1e-3f);  // deeper, so that rounding adds up
}

TEST(ExportedNetwork, LayersAreFoundByBlockAndByName) {
  const Graph graph = FindBackbone("efficientnet_lite0").build(kSize, 0, 0);
  EXPECT_THAT(LayersOf(graph), AllOf(Contains("conv_stem"), Contains("blocks.3.2"),
                                     Not(Contains("blocks.3.2.conv_dw"))));
  for (const std::string& layer : LayersOf(graph)) {
    const Node& node = graph.nodes[FindLayer(graph, layer)];
    EXPECT_EQ(node.shape.size(), 3) << layer;
  }
  // With the activation behind it; a block ends with its addition.
  EXPECT_TRUE(std::holds_alternative<Activation>(graph.nodes[FindLayer(graph, "bn1")].operation));
  EXPECT_TRUE(std::holds_alternative<Add>(graph.nodes[FindLayer(graph, "blocks.3.2")].operation));
  EXPECT_TRUE(std::holds_alternative<Conv2d>(
      graph.nodes[FindLayer(graph, "blocks.3.2.conv_dw")].operation));
  EXPECT_EQ(FindLayer(graph, "bn2"), graph.outputs.at("features"));
  EXPECT_EQ(FindLayer(graph, "features"), graph.outputs.at("features"));
  const Graph branches = FindBackbone("efficientnet_lite0_branches").build(kSize, 0, 0);
  EXPECT_THAT(LayersOf(branches), AllOf(Contains("blocks.4.2"), Contains("specific.blocks.6.0"),
                                        Contains("specific.bn2"), Contains("features")));
  try {
    FindLayer(graph, "blocks.3.22");
    FAIL();
  } catch (const UsageError& e) {
    EXPECT_THAT(std::string(e.what()), AllOf(HasSubstr("blocks.3.2"), HasSubstr("conv_stem")));
  }
}

// The shift of a norm moves every place of the convolution's map in front of it: the derivative of
// the score with respect to it is the sum of the gradient over the map. A backbone without kinks.
TEST(ExportedNetwork, GradientsOfInnerLayersAreThoseOfFiniteDifferences) {
  const TemporaryFolder folder;
  const LossKind& loss = FindLoss("l2_softmax");
  const at::Tensor images = MadeUpImages();
  const auto margin = [](const at::Tensor& logits) {
    return logits.select(1, 1) - logits.select(1, 0);
  };
  const auto written = [&](double shift) {
    const fs::path file = folder.path() / "model.onnx";
    WriteMadeUp(file, "efficientnet_b0", loss, 0, [shift](Weights& weights) {
      weights.at("bn1.bias").values[3] += static_cast<float>(shift);
    });
    return ExportedNetwork(file, "conv_stem");
  };
  ExportedNetwork network = written(0);
  const ExportedNetwork::Outputs outputs = network.Forward(images);
  ASSERT_EQ(outputs.layer.sizes(),
            (std::vector<int64_t>{2, 32, network.height(), network.width()}));
  const at::Tensor gradient =
      torch::autograd::grad({margin(outputs.logits).sum()}, {outputs.layer})[0];
  EXPECT_TRUE(
      network.Maps(images, "margin", false).allclose(GradCam(outputs.layer, gradient, false)));
  constexpr double kStep = 0.01;
  const at::Tensor up = margin(written(kStep).Forward(images).logits);
  const at::Tensor down = margin(written(-kStep).Forward(images).logits);
  const at::Tensor numeric = (up - down) / (2 * kStep);
  const at::Tensor summed = gradient.select(1, 3).sum({1, 2});
  EXPECT_TRUE(summed.allclose(numeric, /*rtol=*/0.03, /*atol=*/1e-3)) << summed << numeric;
}

TEST(ExportedNetwork, RefusesModelsOfOthers) {
  const TemporaryFolder folder;
  const fs::path file = folder.path() / "model.onnx";
  WriteMadeUp(file, "efficientnet_lite0", FindLoss("softmax"), 0);
  ModelMetadata metadata;
  metadata.input_width = metadata.input_height = kSize;
  CopyModel(file, folder.path() / "foreign.onnx", metadata);
  EXPECT_THROW(ExportedNetwork(folder.path() / "foreign.onnx", "bn2"), Error);
  metadata.backbone = "resnet18";
  metadata.loss = "softmax";
  CopyModel(file, folder.path() / "other.onnx", metadata);
  try {
    ExportedNetwork(folder.path() / "other.onnx", "layer1.0");
    FAIL();
  } catch (const Error& e) {
    EXPECT_THAT(e.problem(), HasSubstr("other.onnx: its weights are not those of a resnet18"));
  }
}

// By hand: two channels, two places.
TEST(GradCamOfTensors, FollowsTheDefinition) {
  const at::Tensor map = at::tensor({1.0f, 2.0f, 3.0f, 0.0f}).view({1, 2, 1, 2});
  const at::Tensor gradient = at::tensor({1.0f, 0.0f, -1.0f, 0.5f}).view({1, 2, 1, 2});
  // α = 0.5, −0.25: relu(0.5 − 0.75, 1 − 0).
  EXPECT_TRUE(GradCam(map, gradient, false).allclose(at::tensor({0.0f, 1.0f}).view({1, 1, 2})));
  // α = 1 / (2 + 3), 0.5 / (2 + 0.5 · 3): relu(0.2 + 3/7, 0.4 + 0).
  EXPECT_TRUE(
      GradCam(map, gradient, true).allclose(at::tensor({0.2f + 3.0f / 7, 0.4f}).view({1, 1, 2})));
}

}  // namespace
}  // namespace unmask
