// Runs that end with their network beside a general branch.

#include <gmock/gmock.h>

#include <nlohmann/json.hpp>

#include "unmask/base/atomic_file.h"
#include "unmask/model/model_file.h"
#include "unmask/model/sha256.h"
#include "unmask/train/test_runs.h"

namespace unmask {
namespace {

namespace fs = std::filesystem;
using testing::HasSubstr;

using JoinedRunTest = TestRuns;

TEST_F(JoinedRunTest, ARunMayEndWithItsNetworkBesideAGeneralBranch) {
  TrainOptions general = Options("general");
  general.backbone = "efficientnet_lite0_early";
  general.initial_weights =
      fs::path(UNMASK_DEPS_DIR) / "weights" / "efficientnet_lite0.safetensors";
  general.freeze = {"conv_stem", "bn1", "blocks"};
  general.steps = 2;
  TrainOptions options = general;
  options.output = runs_.path() / "whole";
  options.backbone = "efficientnet_lite0";
  options.general_weights = Train(general).model;
  options.freeze = {"conv_stem", "bn1", "blocks.0.", "blocks.1."};
  options.steps = 6;
  const TrainResult result = Train(options);
  const auto backbone = [](const fs::path& model) {
    return DescribeModel(model).metadata->backbone;
  };
  EXPECT_EQ(backbone(result.model), "efficientnet_lite0_branches");
  EXPECT_EQ(backbone(options.output / "last.onnx"), "efficientnet_lite0");
  EXPECT_EQ(result.validation, Json::parse(DescribeModel(result.model).metadata->validation));
  EXPECT_NE(result.validation["log_loss"],
            Metrics(options.output).back()["validation"]["log_loss"]);
  const Json recipe = Json::parse(DescribeModel(result.model).metadata->recipe);
  EXPECT_EQ(recipe["general_sha256"], Sha256OfFile(options.general_weights));
  EXPECT_EQ(recipe["steps"], 6);

  // Stopped behind the last step.
  TrainOptions parts = options;
  parts.output = runs_.path() / "parts";
  CancelToken cancel;
  EXPECT_THROW(Train(parts, &cancel,
                     [&](const TrainProgress& p) {
                       if (p.step == 6) cancel.Cancel();
                     }),
               Cancelled);
  EXPECT_FALSE(fs::exists(parts.output / "model.onnx"));
  parts.resume = true;
  Train(parts);
  EXPECT_EQ(Sha256OfFile(parts.output / "model.onnx"), Sha256OfFile(result.model));
  parts.general_weights = parts.output / "last.onnx";
  EXPECT_THAT(Refusal(parts), HasSubstr("general_sha256"));
  parts.general_weights.clear();
  EXPECT_THAT(Refusal(parts), HasSubstr("evidence_weight"));

  // Its general model is needed again at its end, as it was at the beginning.
  TrainOptions changed = options;
  changed.output = runs_.path() / "changed";
  changed.general_weights = runs_.path() / "general.onnx";
  fs::copy_file(options.general_weights, changed.general_weights);
  EXPECT_THAT(
      Refusal(changed,
              [&](const TrainProgress&) { WriteTextFile(changed.general_weights, "another"); }),
      HasSubstr("general.onnx: is not what it was when the run began"));
  fs::copy_file(options.general_weights, changed.general_weights,
                fs::copy_options::overwrite_existing);
  changed.resume = true;
  EXPECT_EQ(Sha256OfFile(Train(changed).model), Sha256OfFile(result.model));

  // A model of two branches brings its general one, and the first weights of the other.
  TrainOptions again = options;
  again.output = runs_.path() / "again";
  again.initial_weights = again.general_weights = result.model;
  again.steps = 0;
  EXPECT_EQ(backbone(Train(again).model), "efficientnet_lite0_branches");

  // What does not fit is found before time is spent.
  options.output = runs_.path() / "other";
  options.initial_weights.clear();
  EXPECT_THAT(Refusal(options), HasSubstr("differs from the network of the run in "));
  EXPECT_FALSE(fs::exists(options.output));
}

}  // namespace
}  // namespace unmask
