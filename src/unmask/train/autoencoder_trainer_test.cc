#include "unmask/train/autoencoder_trainer.h"

#include <ATen/ATen.h>
#include <gmock/gmock.h>

#include <cmath>
#include <nlohmann/json.hpp>

#include "unmask/base/error.h"
#include "unmask/base/json.h"
#include "unmask/base/temporary_folder.h"
#include "unmask/data/crop_store.h"
#include "unmask/infer/session.h"
#include "unmask/model/model_file.h"
#include "unmask/model/sha256.h"
#include "unmask/sampling/test_store.h"

namespace unmask {
namespace {

namespace fs = std::filesystem;

class AutoencoderTrainerTest : public testing::Test {
 protected:
  static void SetUpTestSuite() { folder_ = new TemporaryFolder, MakeTestStore(folder_->path()); }
  static void TearDownTestSuite() { delete folder_; }

  // A run of a second or two that is the same every time.
  AutoencoderOptions Options(const std::string& name) {
    AutoencoderOptions options;
    options.stores = {folder_->path() / "store"};
    options.output = files_.path() / (name + ".onnx");
    options.input_size = 32;
    options.steps = 4;
    options.batch = 2;
    options.threads = 1;
    options.bfloat16 = false;
    return options;
  }

  static TemporaryFolder* folder_;
  TemporaryFolder files_;
};
TemporaryFolder* AutoencoderTrainerTest::folder_ = nullptr;

TEST_F(AutoencoderTrainerTest, EveryDecoderLearns) {
  for (const DecoderKind& decoder : Decoders()) {
    AutoencoderOptions options = Options(std::string(decoder.name));
    options.decoder = decoder.name;
    options.steps = 60;
    options.batch = 4;
    double first = 0, last = 0;
    const AutoencoderResult result =
        TrainAutoencoder(options, nullptr, [&](const AutoencoderProgress& p) {
          if (p.step == 1) first = p.loss;
          last = p.loss;
        });
    EXPECT_LT(last, 0.85 * first) << decoder.name;
    EXPECT_GT(result.psnr, 12) << decoder.name;  // a grey picture has some 11 dB
  }
}

TEST_F(AutoencoderTrainerTest, BrainFloatsTakePartInEveryDecoder) {
  for (const DecoderKind& decoder : Decoders()) {
    AutoencoderOptions options = Options(std::string(decoder.name));
    options.decoder = decoder.name;
    options.bfloat16 = true;
    EXPECT_GT(TrainAutoencoder(options).psnr, 0) << decoder.name;
  }
}

TEST_F(AutoencoderTrainerTest, LeavesAFileThatRunsAndSaysWhatItIs) {
  AutoencoderOptions options = Options("a");
  options.licence = "CC0-1.0";
  const AutoencoderResult result = TrainAutoencoder(options);
  EXPECT_EQ(result.validation_faces, 9);

  const ModelMetadata metadata = DescribeModel(result.model).metadata.value();
  EXPECT_EQ(metadata.name, "autoencoder-nearest");
  EXPECT_EQ(metadata.licence, "CC0-1.0");
  EXPECT_FALSE(metadata.program_version.empty());
  const Json recipe = Json::parse(metadata.recipe);
  EXPECT_EQ(recipe.at("steps"), 4);
  EXPECT_EQ(recipe.at("seed"), 1);
  EXPECT_EQ(recipe.at("stores").at(0), ReadCropStoreInfo(options.stores[0]).fingerprint);
  EXPECT_DOUBLE_EQ(recipe.at("validation_psnr"), result.psnr);

  Session session(result.model, {.use_cache = false});
  session.Run(std::vector<float>(3 * 32 * 32, 0.5f), {1, 3, 32, 32});
  const TensorView& out = session.output("reconstruction");
  EXPECT_THAT(out.shape, testing::ElementsAre(1, 3, 32, 32));
  for (const float value : out.values) ASSERT_TRUE(value > 0 && value < 1) << value;
}

TEST_F(AutoencoderTrainerTest, ASeedFixesTheFile) {
  AutoencoderOptions one = Options("one"), two = Options("two"), other = Options("other");
  two.workers = 3;
  other.seed = 2;
  const std::string first = Sha256OfFile(TrainAutoencoder(one).model);
  EXPECT_EQ(first, Sha256OfFile(TrainAutoencoder(two).model));
  EXPECT_NE(first, Sha256OfFile(TrainAutoencoder(other).model));
}

TEST_F(AutoencoderTrainerTest, CancelLeavesNothing) {
  AutoencoderOptions options = Options("cancelled");
  CancelToken cancel;
  const auto stop = [&](const AutoencoderProgress& p) {
    if (p.step == 2) cancel.Cancel();
  };
  EXPECT_THROW(TrainAutoencoder(options, &cancel, stop), Cancelled);
  EXPECT_TRUE(fs::is_empty(files_.path()));
}

TEST_F(AutoencoderTrainerTest, WhatDoesNotFitIsRefused) {
  AutoencoderOptions options = Options("a");
  options.decoder = "nearst";
  EXPECT_THROW(TrainAutoencoder(options), UsageError);
  options = Options("a");
  options.output = files_.path() / "a.txt";
  EXPECT_THROW(TrainAutoencoder(options), UsageError);
  options = Options("missing/a");
  EXPECT_THROW(TrainAutoencoder(options), Error);
  options = Options("a");
  options.augmentation = 1.5;
  EXPECT_THROW(TrainAutoencoder(options), UsageError);
  options = Options("a");
  options.stores.clear();
  EXPECT_THROW(TrainAutoencoder(options), UsageError);
}

TEST(ReconstructionLossTest, WorkedExample) {
  // e = (0, 0.3; 0.1, 0): |e| 0.1, |∂e/∂x| 0.2 (0.3 and 0.1), |∂e/∂y| 0.2 (0.1 and 0.3).
  const at::Tensor images = at::zeros({1, 1, 2, 2});
  const at::Tensor made = at::tensor({0.0f, 0.3f, 0.1f, 0.0f}).view({1, 1, 2, 2});
  EXPECT_NEAR(ReconstructionLoss(made, images).item<double>(), 0.5, 1e-6);
  // Mean square 0.025.
  EXPECT_NEAR(Psnr(made, images).item<double>(), 10 * std::log10(40), 1e-4);
}

}  // namespace
}  // namespace unmask
