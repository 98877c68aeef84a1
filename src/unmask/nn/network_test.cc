#include "unmask/nn/network.h"

#include <ATen/ATen.h>
#include <ATen/core/grad_mode.h>
#include <gmock/gmock.h>

#include "unmask/backbones/autoencoder.h"
#include "unmask/backbones/registry.h"
#include "unmask/base/error.h"
#include "unmask/base/temporary_folder.h"
#include "unmask/infer/session.h"
#include "unmask/model/model_file.h"
#include "unmask/nn/images.h"

namespace unmask {

// GoogleTest shows a row of the table by its name.
void PrintTo(const Backbone& backbone, std::ostream* out) { *out << backbone.name; }

namespace {

// The largest difference between what LibTorch and what OpenVINO make of `graph`.
double Disagreement(const Graph& graph, Random& random) {
  at::manual_seed(1);
  Network network(graph, {}, random);
  // Running statistics other than 0 and 1, the means around 0 so that no ReLU is dead.
  for (auto& [name, tensor] : network.buffers()) {
    tensor.uniform_(0.5, 1.5);
    if (name.ends_with("running_mean")) tensor.sub_(1);
  }
  const Shape in = graph.nodes[0].shape;
  const at::Tensor images = at::randn({2, in[0], in[1], in[2]});
  const at::NoGradGuard no_grad;
  const NamedTensors ours = network.Forward(images, /*training=*/false);

  const TemporaryFolder folder;
  WriteModel(folder.path() / "m.onnx", graph, network.ToWeights(), {}, {.half_precision = false});
  Session session(folder.path() / "m.onnx", {.use_cache = false});
  const at::Tensor flat = images.contiguous();
  session.Run({flat.data_ptr<float>(), static_cast<size_t>(flat.numel())},
              {2, in[0], in[1], in[2]});
  double largest = 0;
  for (const auto& [name, tensor] : ours) {
    const auto values = session.output(name).values;
    const at::Tensor a = tensor.contiguous().flatten();
    if (a.numel() != static_cast<int64_t>(values.size())) return 1e9;
    const double most = a.abs().max().item<double>();
    if (most == 0) return 1e9;  // two dead networks agree on anything
    const double scale = std::max(1.0, most);
    for (size_t i = 0; i < values.size(); ++i) {
      largest = std::max(largest,
                         std::abs(a[static_cast<int64_t>(i)].item<double>() - values[i]) / scale);
      i += values.size() / 500;  // a sample of the large maps
    }
  }
  return largest;
}

class BackboneNetworkTest : public testing::TestWithParam<Backbone> {};

TEST_P(BackboneNetworkTest, EqualsOnnxOnOpenVino) {
  Random random(1);
  // 149 pixels halve to odd and even sizes, which are padded differently.
  const Graph graph = BuildClassifier(GetParam(), 149, 2, 0.3, 0.1);
  EXPECT_LT(Disagreement(graph, random), 1e-4);
}

TEST_P(BackboneNetworkTest, OverfitsOneBatchThroughEveryParameter) {
  Random random(5);
  at::manual_seed(5);
  Network network(BuildClassifier(GetParam(), 64, 2), {}, random);
  const at::Tensor images = at::randn({4, 3, 64, 64});
  const at::Tensor labels = at::tensor({0, 1, 1, 0}, at::kLong);
  std::map<std::string, at::Tensor> momentum;
  std::vector<double> losses;
  while (losses.size() < 30 && (losses.empty() || losses.back() > 0.05)) {
    const at::Tensor logits = network.Forward(images, /*training=*/true).at("logits");
    const at::Tensor loss = at::cross_entropy_loss(logits, labels);
    loss.backward();
    losses.push_back(loss.item<double>());
    const at::NoGradGuard no_grad;
    for (auto& [name, tensor] : network.parameters()) {
      const at::Tensor gradient = tensor.grad();
      ASSERT_TRUE(gradient.defined()) << name;
      ASSERT_TRUE(gradient.isfinite().all().item<bool>()) << name;
      if (losses.size() == 1) {
        EXPECT_GT(gradient.abs().max().item<double>(), 0) << name;
        momentum[name] = at::zeros_like(tensor);
      }
      momentum[name].mul_(0.9).add_(gradient);
      tensor.sub_(momentum[name], 0.02);
      gradient.zero_();
    }
  }
  EXPECT_NEAR(losses.front(), std::log(2.0), 0.5);  // the head starts almost at zero
  EXPECT_LT(losses.back(), 0.05) << losses.size() << " steps";
}

INSTANTIATE_TEST_SUITE_P(Table, BackboneNetworkTest,
                         testing::ValuesIn(Backbones().begin(), Backbones().end()),
                         [](const auto& row) { return std::string(row.param.name); });

TEST(NetworkTest, AutoencodersEqualOnnx) {
  for (const DecoderKind& decoder : Decoders()) {
    Random random(4);
    EXPECT_LT(Disagreement(BuildAutoencoder(decoder, 40), random), 1e-4) << decoder.name;
  }
}

TEST(NetworkTest, EveryOtherOperationEqualsOnnx) {
  GraphBuilder builder;
  int x = builder.AddInput(4, 9, 10);
  for (const Activation a : {Activation::kSilu, Activation::kHardSwish, Activation::kHardSigmoid,
                             Activation::kSigmoid, Activation::kRelu, Activation::kRelu6}) {
    const int branch = builder.AddNode(a, {x});
    x = builder.AddNode(Add{}, {x, branch});
  }
  x = builder.AddNode(Pool2d{.maximum = false, .kernel = 3, .padding = Padding::kSame}, {x});
  x = builder.AddNode(Pool2d{.kernel = 3, .stride = 1, .padding = Padding::kSame}, {x});
  x = builder.AddNode(Pool2d{.maximum = false, .kernel = 3, .stride = 1, .pad = 1}, {x});
  const int gate = builder.AddNode(GlobalAveragePool{}, {x});
  x = builder.AddNode(Multiply{}, {x, gate});
  int excite = builder.AddNode(GlobalAveragePool{.keep_map = true}, {x});
  excite = builder.AddNode(Conv2d{.out_channels = 4, .bias = true}, {excite}, "excite");
  excite = builder.AddNode(Activation::kSigmoid, {excite});
  x = builder.AddNode(Multiply{}, {x, excite});
  const int twice = builder.AddNode(Scale{2}, {x});
  x = builder.AddNode(Concatenate{}, {x, twice});
  x = builder.AddNode(GlobalAveragePool{}, {x});
  x = builder.AddNode(Concatenate{}, {gate, x});
  builder.SetOutput("embedding", x);
  x = builder.AddNode(L2Normalize{}, {x});
  x = builder.AddNode(Linear{.out_features = 3, .bias = false, .normalize_weight = true}, {x}, "w");
  builder.SetOutput("logits", builder.AddNode(Scale{16}, {x}));
  Random random(2);
  EXPECT_LT(Disagreement(std::move(builder).Build(), random), 1e-4);
}

TEST(NetworkTest, WhatMakesMapsGrowEqualsOnnx) {
  for (const auto& [kernel, stride, pad] : {std::tuple{4, 2, 1}, {3, 2, 1}, {2, 3, 0}, {1, 1, 0}}) {
    GraphBuilder builder;
    const int in = builder.AddInput(4, 5, 7);
    const ConvTranspose2d conv{
        .out_channels = 6, .kernel = kernel, .stride = stride, .pad = pad, .bias = kernel > 2};
    int x = builder.AddNode(conv, {in}, "up");
    x = builder.AddNode(BatchNorm{}, {x}, "norm");  // stays a norm of its own
    builder.SetOutput("out", x);
    Random random(8);
    EXPECT_LT(Disagreement(std::move(builder).Build(), random), 1e-4) << kernel;
  }
  for (const int factor : {2, 3}) {
    GraphBuilder builder;
    const int in = builder.AddInput(18 * factor * factor, 5, 7);
    int x = builder.AddNode(PixelShuffle{.factor = factor}, {in});
    builder.SetOutput("shuffled", x);
    x = builder.AddNode(Upsample{.factor = factor}, {x});
    builder.SetOutput("nearest", x);
    x = builder.AddNode(Upsample{.factor = factor, .interpolation = Interpolation::kBilinear}, {x});
    builder.SetOutput("bilinear", x);
    Random random(9);
    EXPECT_LT(Disagreement(std::move(builder).Build(), random), 1e-5) << factor;
  }
}

// The values that one map of numbers becomes.
std::vector<float> Grown(const Operation& operation, const Shape& shape,
                         const std::vector<float>& values) {
  GraphBuilder builder;
  builder.SetOutput("out",
                    builder.AddNode(operation, {builder.AddInput(shape[0], shape[1], shape[2])}));
  Random random(1);
  Network network(std::move(builder).Build(), {}, random);
  const at::Tensor in = at::tensor(values).view({1, shape[0], shape[1], shape[2]});
  return ToWeight(network.Forward(in, false).at("out")).values;
}

TEST(NetworkTest, PixelsOfLargerMapsLieWhereTheGraphSays) {
  using testing::ElementsAre;
  EXPECT_THAT(Grown(Upsample{}, {1, 1, 2}, {1, 5}), ElementsAre(1, 1, 5, 5, 1, 1, 5, 5));
  // Centres at (x + 0.5): the new ones lie a quarter of a pixel beside the old.
  EXPECT_THAT(Grown(Upsample{.interpolation = Interpolation::kBilinear}, {1, 1, 2}, {1, 5}),
              ElementsAre(1, 2, 4, 5, 1, 2, 4, 5));
  EXPECT_THAT(Grown(PixelShuffle{}, {4, 1, 2}, {0, 1, 10, 11, 20, 21, 30, 31}),
              ElementsAre(0, 10, 1, 11, 20, 30, 21, 31));
}

TEST(NetworkTest, DropPathDropsWholeSamplesInTrainingOnly) {
  GraphBuilder builder;
  const int in = builder.AddInput(1, 2, 2);
  builder.SetOutput("out", builder.AddNode(DropPath{0.25}, {in}));
  Random random(3);
  Network network(std::move(builder).Build(), {}, random);
  at::manual_seed(4);
  const at::Tensor ones = at::ones({4000, 1, 2, 2});
  EXPECT_TRUE(network.Forward(ones, false)["out"].equal(ones));
  const at::Tensor out = network.Forward(ones, true)["out"];
  EXPECT_NEAR(out.mean().item<double>(), 1.0, 0.05);
  const at::Tensor first = out.select(2, 0).select(2, 0).view({4000, 1, 1, 1});
  EXPECT_TRUE(out.equal(first.expand_as(out)));
  EXPECT_NEAR(first.eq(0).to(at::kFloat).mean().item<double>(), 0.25, 0.04);
}

TEST(NetworkTest, EveryActivationHasAGradientInBfloat16) {
  for (const Activation a : {Activation::kSilu, Activation::kHardSwish, Activation::kHardSigmoid,
                             Activation::kSigmoid, Activation::kRelu, Activation::kRelu6}) {
    GraphBuilder builder;
    builder.SetOutput("out", builder.AddNode(a, {builder.AddInput(1, 1, 4)}));
    Random random(6);
    Network network(std::move(builder).Build(), {}, random);
    const at::Tensor points = at::tensor({-5.0, -1.0, 1.0, 7.0}).view({1, 1, 1, 4});
    const auto gradient = [&](at::ScalarType type) {
      const at::Tensor x = points.to(type).set_requires_grad(true);
      network.Forward(x, true).at("out").sum().backward();
      return x.grad().to(at::kDouble);
    };
    EXPECT_TRUE(gradient(at::kBFloat16).allclose(gradient(at::kDouble), 0.01, 0.01))
        << static_cast<int>(a);
  }
}

TEST(NetworkTest, FrozenPartsDoNotChange) {
  const Backbone& backbone = FindBackbone("efficientnet_lite0");
  Random random(7);
  Network network(BuildClassifier(backbone, 64, 2), {}, random);
  network.Freeze({"conv_stem", "bn1", "blocks.0"});
  const NamedTensors before = [&] {
    NamedTensors copy;
    for (const auto& [name, tensor] : network.buffers()) copy[name] = tensor.clone();
    return copy;
  }();
  network.Forward(at::randn({4, 3, 64, 64}), true)["logits"].square().sum().backward();
  EXPECT_FALSE(network.parameters().at("conv_stem.weight").requires_grad());
  EXPECT_FALSE(network.parameters().at("blocks.0.0.conv_dw.weight").grad().defined());
  EXPECT_TRUE(network.parameters().at("blocks.1.0.conv_dw.weight").grad().defined());
  EXPECT_TRUE(network.buffers().at("bn1.running_mean").equal(before.at("bn1.running_mean")));
  EXPECT_FALSE(network.buffers()
                   .at("blocks.1.0.bn1.running_mean")
                   .equal(before.at("blocks.1.0.bn1.running_mean")));
  EXPECT_THROW(network.Freeze({"blokcs"}), UsageError);
}

// A layer's name with a dot behind it means no other whose name is longer.
TEST(NetworkTest, NamesOfFrozenLayersMayEndWithADot) {
  const Backbone& backbone = FindBackbone("efficientnet_lite0");
  Random random(7);
  Network network(BuildClassifier(backbone, 64, 2, 0, /*drop_path=*/0.9), {}, random);
  network.Freeze({"conv_stem.", "bn1.", "blocks."});
  const at::Tensor mean = network.buffers().at("bn1.running_mean").clone();
  const at::Tensor images = at::randn({4, 3, 64, 64});
  const auto features = [&](bool training) {
    at::Tensor seen;
    network.Forward(images, training, [&](const Node& node, const at::Tensor& input) {
      if (node.name == "conv_head") seen = input.detach().clone();
    });
    return seen;
  };
  EXPECT_TRUE(at::allclose(features(true), features(false), 1e-4, 1e-5));
  EXPECT_TRUE(network.buffers().at("bn1.running_mean").equal(mean));
}

TEST(NetworkTest, WithFixedNormsNoImageOfABatchSeesTheOthers) {
  const Backbone& backbone = FindBackbone("efficientnet_lite0");
  Random random(7);
  Network network(BuildClassifier(backbone, 64, 2, /*dropout=*/0), {}, random);
  const at::Tensor one = at::randn({1, 3, 64, 64});
  const at::Tensor two = at::cat({one, 2 + 3 * at::randn({1, 3, 64, 64})});
  const auto of_the_first = [&](const at::Tensor& batch) {
    return network.Forward(batch, true)["logits"].select(0, 0).detach();
  };
  EXPECT_FALSE(at::allclose(of_the_first(at::cat({one, one})), of_the_first(two), 1e-2, 1e-3));
  network.FixNormStatistics();
  const at::Tensor mean = network.buffers().at("bn1.running_mean").clone();
  EXPECT_TRUE(at::allclose(of_the_first(at::cat({one, one})), of_the_first(two), 1e-4, 1e-5));
  EXPECT_TRUE(network.buffers().at("bn1.running_mean").equal(mean));
  network.Forward(two, true)["logits"].square().sum().backward();
  EXPECT_GT(network.parameters().at("bn1.weight").grad().abs().sum().item<double>(), 0);
}

TEST(ImagesTest, PixelsAreNormalised) {
  Image image(2, 1);
  image.data = {0, 51, 255, 255, 0, 0};
  const at::Tensor t = ToTensor(std::vector<Image>{image}, {0.5f, 0, 0}, {0.5f, 1, 2});
  EXPECT_EQ(t.sizes(), at::IntArrayRef({1, 3, 1, 2}));
  EXPECT_FLOAT_EQ(t[0][0][0][0].item<float>(), -1);
  EXPECT_FLOAT_EQ(t[0][0][0][1].item<float>(), 1);
  EXPECT_FLOAT_EQ(t[0][1][0][0].item<float>(), 0.2f);
  EXPECT_FLOAT_EQ(t[0][2][0][0].item<float>(), 0.5f);
  EXPECT_THROW(ToTensor(std::vector<Image>{image, Image(3, 3)}, {}, {1, 1, 1}), Error);
}

}  // namespace
}  // namespace unmask
