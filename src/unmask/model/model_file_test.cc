#include "unmask/model/model_file.h"

#include <gmock/gmock.h>

#include <cmath>
#include <fstream>

#include "unmask/base/error.h"
#include "unmask/base/temporary_folder.h"
#include "unmask/infer/session.h"
#include "unmask/model/sha256.h"

namespace unmask {
namespace {

using testing::ElementsAre;
using testing::FloatNear;
using testing::HasSubstr;
using testing::Pointwise;

class ModelFileTest : public testing::Test {
 protected:
  // Runs `graph` on one {1, …} image through the written file.
  std::vector<float> Run(GraphBuilder builder, int output, const Weights& weights,
                         const std::vector<float>& image, bool half = false) {
    builder.SetOutput("out", output);
    const Graph graph = std::move(builder).Build();
    WriteModel(path_, graph, weights, {}, {.half_precision = half});
    Session session(path_, {.use_cache = false});
    std::vector<int64_t> shape = {1};
    shape.insert(shape.end(), graph.nodes[0].shape.begin(), graph.nodes[0].shape.end());
    session.Run(image, shape);
    const auto values = session.output("out").values;
    return {values.begin(), values.end()};
  }

  TemporaryFolder folder_;
  std::filesystem::path path_ = folder_.path() / "model.onnx";
};

TEST_F(ModelFileTest, AConvolutionWithBatchNormIsFolded) {
  GraphBuilder builder;
  const int in = builder.AddInput(1, 1, 2);
  int x = builder.AddNode(Conv2d{.out_channels = 2, .bias = true}, {in}, "c");
  x = builder.AddNode(BatchNorm{.epsilon = 1.0}, {x}, "n");
  const Weights weights = {{"c.weight", {{2, 1, 1, 1}, {2, -1}}}, {"c.bias", {{2}, {1, 0}}},
                           {"n.weight", {{2}, {3, 2}}},           {"n.bias", {{2}, {0.5f, 0}}},
                           {"n.running_mean", {{2}, {1, 4}}},     {"n.running_var", {{2}, {3, 0}}}};
  // Channel 0: (2x + 1 − 1) · 3 / √(3 + 1) + 0.5 = 3x + 0.5; channel 1: (−x − 4) · 2.
  EXPECT_THAT(Run(builder, x, weights, {1, 2}), ElementsAre(3.5f, 6.5f, -10, -12));
}

TEST_F(ModelFileTest, SqueezeAndExcitationScalesEveryChannelOfTheMap) {
  GraphBuilder builder;
  const int in = builder.AddInput(2, 1, 2);  // means {2, 5} for the image below
  int gate = builder.AddNode(GlobalAveragePool{.keep_map = true}, {in});
  gate = builder.AddNode(Conv2d{.out_channels = 2, .bias = true}, {gate}, "c");
  const Weights weights = {{"c.weight", {{2, 2, 1, 1}, {1, 0, 1, 1}}}, {"c.bias", {{2}, {0, -4}}}};
  const int scaled = builder.AddNode(Multiply{}, {in, gate});
  EXPECT_THAT(Run(builder, scaled, weights, {1, 3, 4, 6}), ElementsAre(2, 6, 12, 18));
}

TEST_F(ModelFileTest, AConvolutionUsedTwiceKeepsItsOwnValue) {
  GraphBuilder builder;
  const int in = builder.AddInput(1, 1, 1);
  const int conv = builder.AddNode(Conv2d{.out_channels = 1}, {in}, "c");
  const int norm = builder.AddNode(BatchNorm{.epsilon = 0.0}, {conv}, "n");
  const int sum = builder.AddNode(Add{}, {conv, norm});
  const Weights weights = {{"c.weight", {{1, 1, 1, 1}, {2}}},
                           {"n.weight", {{1}, {10}}},
                           {"n.bias", {{1}, {1}}},
                           {"n.running_mean", {{1}, {0}}},
                           {"n.running_var", {{1}, {1}}}};
  EXPECT_THAT(Run(builder, sum, weights, {3}), ElementsAre(6 + 61));
}

TEST_F(ModelFileTest, PaddingAndPoolsFollowPyTorchAndTensorFlow) {
  const std::vector<float> image = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16};
  const auto pooled = [&](const Pool2d& pool) {
    GraphBuilder builder;
    const int in = builder.AddInput(1, 4, 4);
    return Run(builder, builder.AddNode(pool, {in}), {}, image);
  };
  // Values of torch.nn.functional: max_pool2d(3, 2, 1), avg_pool2d(3, 2, 1).
  EXPECT_THAT(pooled({.kernel = 3, .stride = 2, .pad = 1}), ElementsAre(6, 8, 14, 16));
  EXPECT_THAT(pooled({.maximum = false, .kernel = 3, .stride = 2, .pad = 1}),
              Pointwise(FloatNear(1e-5f), {14 / 9.f, 30 / 9.f, 57 / 9.f, 99 / 9.f}));
  // TensorFlow's SAME pads an even map right and below only, and averages what is there.
  EXPECT_THAT(pooled({.maximum = false, .kernel = 3, .stride = 2, .padding = Padding::kSame}),
              Pointwise(FloatNear(1e-5f), {6.f, 7.5f, 12.f, 13.5f}));
}

float Sigmoid(float v) { return 1 / (1 + std::exp(-v)); }
float HardSigmoid(float v) { return std::min(std::max(v + 3, 0.f), 6.f) / 6; }

TEST_F(ModelFileTest, Activations) {
  const std::vector<float> x = {-4, -1, 0, 1, 4, 8};
  const auto activated = [&](Activation activation) {
    GraphBuilder builder;
    const int in = builder.AddInput(1, 1, 6);
    return Run(builder, builder.AddNode(activation, {in}), {}, x);
  };
  const auto expected = [&](float (*f)(float)) {
    std::vector<float> y;
    for (const float v : x) y.push_back(f(v));
    return y;
  };
  const auto near = [&](float (*f)(float)) { return Pointwise(FloatNear(1e-5f), expected(f)); };
  EXPECT_THAT(activated(Activation::kRelu), ElementsAre(0, 0, 0, 1, 4, 8));
  EXPECT_THAT(activated(Activation::kRelu6), ElementsAre(0, 0, 0, 1, 4, 6));
  EXPECT_THAT(activated(Activation::kSigmoid), near(Sigmoid));
  EXPECT_THAT(activated(Activation::kSilu), near([](float v) { return v * Sigmoid(v); }));
  EXPECT_THAT(activated(Activation::kHardSigmoid), near(HardSigmoid));
  EXPECT_THAT(activated(Activation::kHardSwish), near([](float v) { return v * HardSigmoid(v); }));
}

TEST_F(ModelFileTest, HeadsOfEveryKind) {
  GraphBuilder builder;
  const int in = builder.AddInput(2, 1, 2);
  const int gate = builder.AddNode(GlobalAveragePool{}, {in});  // {3, 4} for the image below
  const int scaled = builder.AddNode(Multiply{}, {in, gate});
  const int pooled = builder.AddNode(GlobalAveragePool{}, {scaled});  // {9, 16}
  const int drop = builder.AddNode(Dropout{0.5}, {pooled});
  const int path = builder.AddNode(DropPath{0.5}, {drop});
  const int times = builder.AddNode(Scale{1.0 / 9}, {path});  // {1, 16/9}
  const int normal = builder.AddNode(L2Normalize{}, {gate});  // {0.6, 0.8}
  const int cosine = builder.AddNode(
      Linear{.out_features = 2, .bias = false, .normalize_weight = true}, {normal}, "w");
  const int sum = builder.AddNode(Add{}, {times, cosine});
  const Weights weights = {{"w.weight", {{2, 2}, {6, 8, 0, -5}}}};
  // Cosines: (0.6, 0.8)·(0.6, 0.8) = 1, (0.6, 0.8)·(0, −1) = −0.8.
  EXPECT_THAT(Run(builder, sum, weights, {2, 4, 3, 5}),
              Pointwise(FloatNear(1e-5f), {2.0f, 16.f / 9 - 0.8f}));
  GraphBuilder zero;
  const int flat = zero.AddNode(GlobalAveragePool{}, {zero.AddInput(2, 1, 1)});
  EXPECT_THAT(Run(zero, zero.AddNode(L2Normalize{}, {flat}), {}, {0, 0}), ElementsAre(0, 0));
}

// A network big enough for its weights to dominate the file.
Graph LinearGraph() {
  GraphBuilder builder;
  const int pooled = builder.AddNode(GlobalAveragePool{}, {builder.AddInput(100, 1, 1)});
  builder.SetOutput("logits", builder.AddNode(Linear{.out_features = 100}, {pooled}, "fc"));
  return std::move(builder).Build();
}

TEST_F(ModelFileTest, HalfPrecisionHalvesTheFileAndKeepsWhatDoesNotFit) {
  Weights weights = {{"fc.weight", {{100, 100}, std::vector<float>(10000, 0.5f)}},
                     {"fc.bias", {{100}, std::vector<float>(100, 0)}}};
  WriteModel(path_, LinearGraph(), weights, {}, {.half_precision = false});
  const auto full = std::filesystem::file_size(path_);
  WriteModel(path_, LinearGraph(), weights, {}, {.half_precision = true});
  EXPECT_LT(std::filesystem::file_size(path_), full * 0.6);
  weights["fc.weight"].values[0] = 1e6f;
  WriteModel(path_, LinearGraph(), weights, {}, {.half_precision = true});
  Session session(path_, {.use_cache = false});
  session.Run(std::vector<float>(300, 1), {3, 100, 1, 1});  // the batch is dynamic
  EXPECT_NEAR(session.output("logits").values[200], 1e6 + 49.5, 1);
}

TEST_F(ModelFileTest, MetadataAreFoundAgain) {
  const Weights weights = {{"fc.weight", {{100, 100}, std::vector<float>(10000)}},
                           {"fc.bias", {{100}, std::vector<float>(100)}}};
  ModelMetadata metadata;
  metadata.name = "test model";
  metadata.threshold = 0.75;
  WriteModel(path_, LinearGraph(), weights, metadata);
  const ModelDescription description = DescribeModel(path_);
  ASSERT_TRUE(description.metadata.has_value());
  EXPECT_EQ(description.metadata->name, "test model");
  EXPECT_EQ(description.metadata->threshold, 0.75);
  EXPECT_THAT(description.inputs, ElementsAre("images"));
  EXPECT_THAT(description.outputs, ElementsAre("logits"));
  EXPECT_EQ(description.sha256.size(), 64u);
}

TEST_F(ModelFileTest, ACopyHasOtherMetadataAndTheSameNetwork) {
  const Weights weights = {{"fc.weight", {{100, 100}, std::vector<float>(10000, 0.01f)}},
                           {"fc.bias", {{100}, std::vector<float>(100, 2)}}};
  WriteModel(path_, LinearGraph(), weights, {.name = "before"});
  const std::filesystem::path copy = folder_.path() / "copy.onnx";
  CopyModel(path_, copy, {.name = "after", .temperature = 1.5});
  CopyModel(copy, copy, {.name = "after", .temperature = 2.5});  // in place
  const ModelDescription description = DescribeModel(copy);
  EXPECT_EQ(description.metadata->name, "after");
  EXPECT_EQ(description.metadata->temperature, 2.5);
  EXPECT_EQ(DescribeModel(path_).metadata->name, "before");
  const auto outputs = [&](const std::filesystem::path& path) {
    Session session(path, {.use_cache = false});
    session.Run(std::vector<float>(100, 1), {1, 100, 1, 1});
    const auto values = session.output("logits").values;
    return std::vector<float>(values.begin(), values.end());
  };
  EXPECT_EQ(outputs(copy), outputs(path_));
  EXPECT_THROW(CopyModel(path_, copy, {.temperature = -1}), Error);
  EXPECT_THROW(CopyModel(folder_.path() / "none", copy, {}), Error);
}

TEST_F(ModelFileTest, BrokenModelsAreNamed) {
  const auto refusal = [&] {
    try {
      DescribeModel(path_);
    } catch (const Error& e) {
      EXPECT_THAT(e.what(), HasSubstr("model.onnx"));
      return std::string(e.what());
    }
    return std::string();
  };
  EXPECT_THAT(refusal(), HasSubstr("no such file"));
  std::ofstream(path_).flush();
  EXPECT_THAT(refusal(), HasSubstr("empty"));
  std::ofstream(path_) << "not a model at all, just text";
  EXPECT_THAT(refusal(), HasSubstr("not ONNX"));
  const Weights weights = {{"fc.weight", {{100, 100}, std::vector<float>(10000)}},
                           {"fc.bias", {{100}, std::vector<float>(100)}}};
  WriteModel(path_, LinearGraph(), weights, {});
  std::filesystem::resize_file(path_, std::filesystem::file_size(path_) / 2);
  EXPECT_THAT(refusal(), HasSubstr("not ONNX"));
  EXPECT_THROW(WriteModel(path_, LinearGraph(), {}, {}), Error);
}

TEST(Sha256Test, KnownDigest) {
  TemporaryFolder folder;
  std::ofstream(folder.path() / "abc") << "abc";  // FIPS 180-2, example B.1
  EXPECT_EQ(Sha256OfFile(folder.path() / "abc"),
            "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  EXPECT_THROW(Sha256OfFile(folder.path() / "none"), Error);
}

}  // namespace
}  // namespace unmask
