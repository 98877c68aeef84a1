#include "unmask/train/branches.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "unmask/base/error.h"
#include "unmask/base/temporary_folder.h"
#include "unmask/infer/session.h"
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
    TrainedClassifier(options).Export(model, validation);
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

  std::string Refusal() const {
    try {
      JoinBranches(general_, specific_, 1);
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

  TrainOptions options = Options("efficientnet_lite0_branches", 1);
  options.initial_weights = general_;
  options.specific_weights = specific_;
  options.evidence_weight = kWeight;
  options.crop_scale = 1.15;
  EXPECT_THROW(TrainedClassifier{options}, Error);  // neither was trained so
  options.crop_scale = general_options_.crop_scale;
  TrainedClassifier classifier(options);
  EXPECT_THAT(classifier.first().summary,
              AllOf(HasSubstr("joined " + general_.string()), HasSubstr(specific_.string())));
  classifier.Export(joined_, {});

  const std::vector<double> g = Margins(general_, kPictures), s = Margins(specific_, kPictures);
  const std::vector<double> joined = Margins(joined_, kPictures);
  int with_evidence = 0;
  for (size_t i = 0; i < joined.size(); ++i) {
    EXPECT_NEAR(joined[i], g[i] + kWeight * std::max(0.0, s[i] - t), 2e-3) << i;
    with_evidence += s[i] > t + 0.01 ? 1 : 0;
  }
  EXPECT_GE(with_evidence, 2);
  EXPECT_LE(with_evidence, 4);

  // Such a model is trained on like any other.
  TrainOptions again = Options("efficientnet_lite0_branches", 2);
  again.initial_weights = joined_;
  TrainedClassifier(again).Export(folder_.path() / "again.onnx", {});
  const std::vector<double> same = Margins(folder_.path() / "again.onnx", kPictures);
  for (size_t i = 0; i < joined.size(); ++i) EXPECT_NEAR(same[i], joined[i], 2e-3) << i;
}

TEST_F(BranchesTest, ModelsThatDoNotBelongTogetherAreRefused) {
  specific_options_.initial_weights.clear();
  Write(specific_options_, specific_);
  EXPECT_THAT(Refusal(), AllOf(HasSubstr("general.onnx and "), HasSubstr("differ in blocks.0.0."),
                               HasSubstr("--freeze conv_stem")));
  specific_options_ = Options("efficientnet_lite0", 4);
  specific_options_.crop_scale = 1.7;
  Write(specific_options_, specific_);
  EXPECT_THAT(Refusal(), HasSubstr("the face scale 1.70"));
  specific_options_.embedding_size = 8;
  Write(specific_options_, specific_);
  EXPECT_THAT(Refusal(), HasSubstr("has a layer in front of its head"));
  specific_options_.embedding_size = 0;
  specific_options_.loss = "arcface";
  Write(specific_options_, specific_);
  EXPECT_THAT(Refusal(), HasSubstr("was trained with the loss arcface"));
  fs::copy_file(general_, specific_, fs::copy_options::overwrite_existing);
  EXPECT_THAT(Refusal(), AllOf(HasSubstr("specific.onnx: is no model of the backbone"),
                               HasSubstr("efficientnet_lite0")));
  fs::remove(specific_);
  EXPECT_THAT(Refusal(), HasSubstr("specific.onnx: no such file"));
}

}  // namespace
}  // namespace unmask
