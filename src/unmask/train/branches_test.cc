#include "unmask/train/branches.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>
#include <utility>

#include "unmask/base/error.h"
#include "unmask/base/temporary_folder.h"
#include "unmask/infer/session.h"
#include "unmask/model/model_file.h"
#include "unmask/score/log_odds.h"
#include "unmask/train/trained_classifier.h"

namespace unmask {
namespace {

namespace fs = std::filesystem;
using testing::AllOf;
using testing::HasSubstr;

constexpr int kSize = 64;

class BranchesTest : public testing::Test {
 protected:
  BranchesTest() {
    general_options_ = Options("efficientnet_lite0_early", 3);
    specific_options_ = Options("efficientnet_lite0", 4);
    Write(general_options_, general_);
    Write(specific_options_, specific_);
  }

  static TrainOptions Options(const std::string& backbone, uint64_t seed) {
    TrainOptions options;
    options.backbone = backbone;
    options.input_size = kSize;
    options.initial_weights =
        fs::path(UNMASK_DEPS_DIR) / "weights" / "efficientnet_lite0.safetensors";
    options.dropout = 0;
    options.seed = seed;
    return options;
  }

  static void Write(const TrainOptions& options, const fs::path& model,
                    const Validation& validation = {}) {
    TrainedClassifier(options).Export(model, validation, Json::object());
  }

  // The margins of `count` pictures.
  static std::vector<double> Margins(const fs::path& model, int count) {
    Session session(model, {.use_cache = false});
    std::vector<double> margins;
    for (int picture = 0; picture < count; ++picture) {
      std::vector<float> input(3 * kSize * kSize);
      for (size_t i = 0; i < input.size(); ++i) {
        input[i] = std::sin(static_cast<float>(i) * (0.05f + 0.11f * static_cast<float>(picture)));
      }
      session.Run(input, {1, 3, kSize, kSize});
      const auto logits = session.output("logits").values;
      margins.push_back(logits[1] - logits[0]);
    }
    return margins;
  }

  void Export(FirstWeights joined, const fs::path& model) const {
    TrainedClassifier(specific_options_, FindBackbone(kBranchesBackbone), std::move(joined),
                      at::kCPU)
        .Export(model, {}, Json::object());
  }

  std::string Refusal(const fs::path& general) const {
    try {
      JoinBranches(general, specific_, 1);
    } catch (const Error& e) {
      return e.what();
    }
    return "no error";
  }

  const TemporaryFolder folder_;
  const fs::path general_ = folder_.path() / "general.onnx";
  const fs::path specific_ = folder_.path() / "specific.onnx";
  const fs::path joined_ = folder_.path() / "joined.onnx";
  TrainOptions general_options_;
  TrainOptions specific_options_;
};

TEST_F(BranchesTest, EvidenceOfTheSpecificBranchIsAddedToTheGeneral) {
  constexpr int kPictures = 9;
  constexpr double kWeight = 1.75;
  std::vector<double> sorted = Margins(specific_, kPictures);
  std::sort(sorted.begin(), sorted.end());
  const double t = (sorted[4] + sorted[5]) / 2;  // four pictures show evidence
  Validation validation;
  validation.temperature = 0.5;
  validation.threshold = Sigmoid(t / validation.temperature);
  Write(specific_options_, specific_, validation);

  Export(JoinBranches(general_, specific_, kWeight), joined_);
  const std::vector<double> g = Margins(general_, kPictures), s = Margins(specific_, kPictures);
  const std::vector<double> joined = Margins(joined_, kPictures);
  int with_evidence = 0;
  for (size_t i = 0; i < joined.size(); ++i) {
    EXPECT_NEAR(joined[i], g[i] + kWeight * std::max(0.0, s[i] - t), 2e-3) << i;
    with_evidence += s[i] > t + 0.01 ? 1 : 0;
  }
  EXPECT_GE(with_evidence, 2);
  EXPECT_LE(with_evidence, 4);

  // Either branch can be taken out again.
  TrainOptions options = Options("efficientnet_lite0", 2);
  options.initial_weights = joined_;
  TrainedClassifier taken(options);
  EXPECT_THAT(taken.first().summary, HasSubstr("the specific branch and the head of"));
  const fs::path again = folder_.path() / "again.onnx";
  taken.Export(again, {}, Json::object());
  const std::vector<double> beyond = Margins(again, kPictures);
  Export(JoinBranches(joined_, again, 2), folder_.path() / "rejoined.onnx");
  const std::vector<double> rejoined = Margins(folder_.path() / "rejoined.onnx", kPictures);
  for (size_t i = 0; i < joined.size(); ++i) {
    EXPECT_NEAR(beyond[i], s[i] - t, 2e-3) << i;
    EXPECT_NEAR(rejoined[i], g[i] + 2 * std::max(0.0, s[i] - t), 4e-3) << i;
  }

  // The whole is trained on like any other model; but then no branch has a say of its own.
  options.backbone = "efficientnet_lite0_branches";
  TrainedClassifier(options).Export(again, {}, Json::object());
  const std::vector<double> same = Margins(again, kPictures);
  for (size_t i = 0; i < joined.size(); ++i) EXPECT_NEAR(same[i], joined[i], 2e-3) << i;
  FirstWeights moved = JoinBranches(general_, specific_, kWeight);
  moved.head.at("classifier.weight").values[1] += 0.1f;
  Export(std::move(moved), again);
  EXPECT_THAT(Refusal(again), HasSubstr("again.onnx: its branches were trained on together"));
  EXPECT_THROW(SpecificBranchOf(again), Error);
}

TEST_F(BranchesTest, TheFirstClassMayBeTheFake) {
  ModelMetadata metadata = *DescribeModel(general_).metadata;
  metadata.fake_class = 0;
  std::swap(metadata.class_names.at(0), metadata.class_names.at(1));
  const fs::path turned = folder_.path() / "turned.onnx";
  CopyModel(general_, turned, metadata);
  Export(JoinBranches(turned, specific_, 0), joined_);
  const std::vector<double> g = Margins(general_, 3), joined = Margins(joined_, 3);
  for (size_t i = 0; i < joined.size(); ++i) EXPECT_NEAR(joined[i], -g[i], 2e-3) << i;
}

TEST_F(BranchesTest, ModelsThatDoNotBelongTogetherAreRefused) {
  EXPECT_EQ(Refusal(general_), "no error");
  general_options_.initial_weights.clear();
  Write(general_options_, general_);
  EXPECT_THAT(Refusal(general_),
              AllOf(HasSubstr("general.onnx: differs"), HasSubstr("in blocks.0.0."),
                    HasSubstr("--freeze conv_stem")));
  general_options_ = Options("efficientnet_lite0_early", 3);
  general_options_.crop_scale = 1.7;
  Write(general_options_, general_);
  EXPECT_THAT(Refusal(general_), HasSubstr("the face scale 1.70"));
  general_options_.embedding_size = 8;
  Write(general_options_, general_);
  EXPECT_THAT(Refusal(general_), HasSubstr("has a layer in front of its head"));
  general_options_.embedding_size = 0;
  general_options_.loss = "arcface";
  Write(general_options_, general_);
  EXPECT_THAT(Refusal(general_), HasSubstr("was trained with the loss arcface"));
  EXPECT_THAT(Refusal(specific_), AllOf(HasSubstr("specific.onnx: is no model of the backbone"),
                                        HasSubstr("efficientnet_lite0_early")));
  fs::remove(general_);
  EXPECT_THAT(Refusal(general_), HasSubstr("general.onnx: no such file"));
}

}  // namespace
}  // namespace unmask
