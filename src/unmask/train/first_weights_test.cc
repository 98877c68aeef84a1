#include "unmask/train/first_weights.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <nlohmann/json.hpp>

#include "unmask/base/error.h"
#include "unmask/base/temporary_folder.h"
#include "unmask/infer/session.h"
#include "unmask/model/model_file.h"
#include "unmask/train/trained_classifier.h"

namespace unmask {
namespace {

namespace fs = std::filesystem;
using testing::AllOf;
using testing::HasSubstr;

class FirstWeightsTest : public testing::Test {
 protected:
  FirstWeightsTest() {
    options_.loss = "arcface";
    options_.embedding_size = 8;
    options_.input_size = 32;
    options_.dropout = 0;
    TrainedClassifier classifier(options_);
    classifier.FitFirstNorms(Noise(16));  // statistics as training would leave them
    classifier.Export(model_, {}, Json::object());
    options_.initial_weights = model_;
    options_.seed = 2;
  }

  static std::vector<Image> Noise(int count) {
    Random random(7);
    std::vector<Image> images;
    for (int i = 0; i < count; ++i) {
      Image& image = images.emplace_back(32, 32);
      for (uint8_t& value : image.data) value = static_cast<uint8_t>(UniformInt(random, 256));
    }
    return images;
  }

  static std::vector<float> Outputs(const fs::path& model, const char* name) {
    std::vector<float> input(3 * 32 * 32);
    for (size_t i = 0; i < input.size(); ++i) input[i] = std::sin(static_cast<float>(i));
    Session session(model, {.use_cache = false});
    session.Run(input, {1, 3, 32, 32});
    const auto values = session.output(name).values;
    return {values.begin(), values.end()};
  }

  std::string Refusal() const {
    try {
      const TrainedClassifier classifier(options_);
    } catch (const Error& e) {
      return e.what();
    }
    return "no error";
  }

  const TemporaryFolder folder_;
  const fs::path model_ = folder_.path() / "first.onnx";
  const fs::path again_ = folder_.path() / "again.onnx";
  TrainOptions options_;
};

TEST_F(FirstWeightsTest, AModelIsContinuedAsItWas) {
  TrainedClassifier classifier(options_);
  EXPECT_TRUE(classifier.first().norms_need_statistics);
  EXPECT_THAT(
      classifier.first().summary,
      HasSubstr("began with the backbone, the embedding layer and the head of " + model_.string()));
  classifier.FitFirstNorms(Noise(4));
  classifier.Export(again_, {}, Json::object());
  for (const char* output : {"logits", "embedding"}) {
    const std::vector<float> before = Outputs(model_, output), after = Outputs(again_, output);
    ASSERT_EQ(before.size(), after.size());
    float scale = 1e-6f;
    for (const float value : before) scale = std::max(scale, std::fabs(value));
    for (size_t i = 0; i < before.size(); ++i) {
      EXPECT_NEAR(before[i] / scale, after[i] / scale, 0.02) << output;
    }
  }
}

TEST_F(FirstWeightsTest, TheHeadBeginsAnewWhereItDoesNotFit) {
  options_.loss = "softmax";
  EXPECT_THAT(TrainedClassifier(options_).first().summary,
              AllOf(HasSubstr("the embedding layer of"), HasSubstr("with the loss arcface")));
  options_.embedding_size = 16;
  EXPECT_THAT(TrainedClassifier(options_).first().summary, HasSubstr("another size"));
  options_.embedding_size = 0;
  options_.loss = "arcface";
  EXPECT_THAT(TrainedClassifier(options_).first().summary, HasSubstr("another size"));
}

TEST_F(FirstWeightsTest, AResumedRunDoesNotReadThem) {
  options_.initial_weights = "gone.onnx";
  EXPECT_THAT(Refusal(), HasSubstr("gone.onnx"));
  options_.resume = true;
  EXPECT_TRUE(TrainedClassifier(options_).first().summary.empty());
}

TEST_F(FirstWeightsTest, TheBeginningOfABackboneTakesItsShareOfTheWeights) {
  options_.backbone = "efficientnet_lite0_early";
  options_.embedding_size = 0;
  options_.initial_weights =
      fs::path(UNMASK_DEPS_DIR) / "weights" / "efficientnet_lite0.safetensors";
  const Weights whole = ReadSafetensors(options_.initial_weights);
  const Weights taken = TrainedClassifier(options_).network().ToWeights();
  EXPECT_TRUE(taken.contains("blocks.4.2.conv_pwl.weight"));
  EXPECT_FALSE(taken.contains("blocks.5.0.conv_pw.weight"));
  for (const auto& [name, tensor] : taken) EXPECT_EQ(tensor.values, whole.at(name).values) << name;

  // Branches take what they begin with from the same place each.
  options_.backbone = "efficientnet_lite0_branches";
  const Weights branches = TrainedClassifier(options_).network().ToWeights();
  for (const char* name : {"blocks.4.2.conv_pwl.weight", "specific.blocks.4.2.conv_pwl.weight"}) {
    EXPECT_EQ(branches.at(name).values, whole.at("blocks.4.2.conv_pwl.weight").values) << name;
  }
  EXPECT_EQ(branches.at("specific.conv_head.weight").values, whole.at("conv_head.weight").values);
  EXPECT_FALSE(branches.contains("specific.blocks.1.0.conv_pw.weight"));
  EXPECT_FALSE(branches.contains("blocks.5.0.conv_pw.weight"));

  // Whole backbones still refuse what is not theirs.
  options_.backbone = "mobilenet_v3_large";
  EXPECT_THAT(Refusal(), HasSubstr("does not fit the backbone mobilenet_v3_large"));
}

TEST_F(FirstWeightsTest, OtherModelsAreRefused) {
  options_.backbone = "resnet18";
  EXPECT_THAT(Refusal(), HasSubstr("is of the backbone efficientnet_lite0, not resnet18"));

  const Graph graph = BuildClassifier(FindBackbone("resnet18"), 32, 2);
  Random random(1);
  const Weights weights = Network(graph, {}, random).ToWeights();
  options_.initial_weights = again_;
  WriteModel(again_, graph, weights, {});
  EXPECT_THAT(Refusal(), HasSubstr("was not trained here"));
  ModelMetadata lie;
  lie.backbone = options_.backbone = "efficientnet_lite0";
  WriteModel(again_, graph, weights, lie);
  EXPECT_THAT(Refusal(), HasSubstr("missing: conv_stem.weight"));
}

}  // namespace
}  // namespace unmask
