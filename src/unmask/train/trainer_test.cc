#include "unmask/train/trainer.h"

#include <gmock/gmock.h>

#include <cmath>
#include <nlohmann/json.hpp>

#include "unmask/base/atomic_file.h"
#include "unmask/infer/session.h"
#include "unmask/losses/registry.h"
#include "unmask/model/model_file.h"
#include "unmask/model/sha256.h"
#include "unmask/train/test_runs.h"

namespace unmask {
namespace {

namespace fs = std::filesystem;
using testing::HasSubstr;

using TrainerTest = TestRuns;

TEST_F(TrainerTest, LeavesAModelThatRunsAndSaysWhatItIs) {
  TrainOptions options = Options("run");
  options.name = "small";
  options.licence = "CC0-1.0";
  options.training_data = "six photos";
  options.crop_scale = 1.2;
  const TrainResult result = Train(options);
  EXPECT_EQ(result.steps, 6);
  EXPECT_EQ(result.validation["faces"], 18);  // nine faces and their forged copies
  EXPECT_EQ(result.held_out_people, 2);
  EXPECT_LE(result.validation["false_alarm_rate"], options.false_alarm_rate);

  const ModelDescription model = DescribeModel(result.model);
  ASSERT_TRUE(model.metadata);
  EXPECT_EQ(model.metadata->name, "small");
  EXPECT_EQ(model.metadata->backbone, "efficientnet_lite0");
  EXPECT_EQ(model.metadata->loss, "softmax");
  EXPECT_EQ(model.metadata->input_width, 32);
  EXPECT_EQ(model.metadata->crop_scale, 1.2);
  EXPECT_EQ(model.metadata->licence, "CC0-1.0");
  EXPECT_EQ(model.metadata->training_data, "six photos");
  EXPECT_EQ(model.metadata->temperature, result.validation["temperature"]);
  EXPECT_THAT(model.outputs, testing::UnorderedElementsAre("logits", "embedding", "features"));
  Session session(result.model, {.use_cache = false});
  const std::vector<float> input(3 * 32 * 32, 0.5f);
  session.Run(input, {1, 3, 32, 32});
  EXPECT_EQ(session.output("logits").values.size(), 2u);

  const std::vector<Json> metrics = Metrics(options.output);
  ASSERT_EQ(metrics.size(), 4u);  // the losses and the validation, midway and at the end
  for (size_t i = 0; i < 4; ++i) {
    EXPECT_EQ(metrics[i]["step"], i < 2 ? 3 : 6);
    EXPECT_EQ(metrics[i].contains("validation"), i % 2 == 1);
  }
  EXPECT_GT(metrics[2]["loss"].get<double>(), 0);
  EXPECT_GT(metrics[2]["images_per_second"].get<double>(), 0);
}

TEST_F(TrainerTest, LearnsWhatItSeesOften) {
  TrainOptions options = Options("run");
  options.forgery = "cross-blend";
  options.steps = 80;
  options.pairs = 4;
  options.input_size = 64;
  options.augmentation = 0;
  options.dropout = 0;
  options.learning_rate = 2e-4;
  options.initial_weights =
      fs::path(UNMASK_DEPS_DIR) / "weights" / "efficientnet_lite0.safetensors";
  Train(options);
  const std::vector<Json> metrics = Metrics(options.output);
  EXPECT_GT(metrics[metrics.size() - 2]["accuracy"].get<double>(), 0.75);
}

TEST_F(TrainerTest, AResumedRunEndsWithTheSameWeights) {
  const TrainOptions whole = Options("whole");
  Train(whole);
  TrainOptions parts = Options("parts");
  CancelToken cancel;
  EXPECT_THROW(Train(parts, &cancel,
                     [&](const TrainProgress& p) {
                       if (p.step == 3) cancel.Cancel();
                     }),
               Cancelled);
  EXPECT_FALSE(fs::exists(parts.output / "model.onnx"));
  EXPECT_THAT(Refusal(parts), HasSubstr("--resume"));
  parts.resume = true;
  Train(parts);
  EXPECT_EQ(Sha256OfFile(parts.output / "model.onnx"), Sha256OfFile(whole.output / "model.onnx"));
  const std::vector<Json> a = Metrics(parts.output), b = Metrics(whole.output);
  ASSERT_EQ(a.size(), b.size());
  for (size_t i = 0; i < a.size(); ++i) {
    EXPECT_EQ(a[i]["step"], b[i]["step"]);
    EXPECT_EQ(a[i].contains("validation"), b[i].contains("validation"));
    if (a[i].contains("validation")) {
      EXPECT_EQ(a[i]["validation"], b[i]["validation"]);
    }
  }
}

TEST_F(TrainerTest, EveryLossTrainsResumesAndRuns) {
  for (const LossKind& loss : Losses()) {
    TrainOptions options = Options("whole-" + std::string(loss.name));
    options.loss = loss.name;
    options.embedding_size = 8;
    options.steps = 3;
    options.validate_every = 100;
    Train(options);
    TrainOptions parts = options;
    parts.output = runs_.path() / ("parts-" + std::string(loss.name));
    CancelToken cancel;
    EXPECT_THROW(Train(parts, &cancel,
                       [&](const TrainProgress& p) {
                         if (p.step == 2) cancel.Cancel();
                       }),
                 Cancelled);
    parts.resume = true;
    const TrainResult result = Train(parts);
    EXPECT_EQ(Sha256OfFile(result.model), Sha256OfFile(options.output / "model.onnx")) << loss.name;

    Session session(result.model, {.use_cache = false});
    const std::vector<float> input(3 * 32 * 32, 0.25f);
    session.Run(input, {1, 3, 32, 32});
    EXPECT_EQ(session.output("embedding").values.size(), 8u) << loss.name;
    EXPECT_EQ(DescribeModel(result.model).metadata->loss, loss.name);
  }
}

TEST_F(TrainerTest, EveryRecipeResumesWithTheSameWeights) {
  const auto same = [&](const std::string& name, auto change) {
    TrainOptions whole = Options("whole-" + name);
    change(whole);
    Train(whole);
    TrainOptions parts = whole;
    parts.output = runs_.path() / ("parts-" + name);
    CancelToken cancel;
    EXPECT_THROW(Train(parts, &cancel,
                       [&](const TrainProgress& p) {
                         if (p.step == 4) cancel.Cancel();
                       }),
                 Cancelled);
    parts.resume = true;
    const TrainResult result = Train(parts);
    EXPECT_EQ(Sha256OfFile(result.model), Sha256OfFile(whole.output / "model.onnx")) << name;
  };
  same("average", [](auto& o) { o.average_decay = 0.9; });
  same("sam", [](auto& o) { o.sharpness_radius = 0.05; });
  same("accumulate", [](auto& o) { o.accumulate = 2; });
  same("plateau", [](auto& o) {
    o.optimizer = "sgd";
    o.schedule = "plateau";
    o.first_layer_rate = 0.1;
    o.freeze = {"conv_stem", "bn1"};
    o.select_best = true;
  });
}

TEST_F(TrainerTest, StopsEarlyAndKeepsTheBest) {
  TrainOptions options = Options("run");
  options.steps = 50;
  options.validate_every = 1;
  options.early_stop = 2;
  options.select_best = true;
  options.learning_rate = 1e-12;  // nothing changes but the running statistics
  const TrainResult result = Train(options);
  EXPECT_LT(result.steps, 50);
  const std::vector<Json> metrics = Metrics(options.output);
  EXPECT_TRUE(metrics.at(metrics.size() - 2).contains("loss"));  // of the last steps too
  EXPECT_EQ(metrics.at(metrics.size() - 2)["step"], result.steps);
  EXPECT_EQ(Sha256OfFile(result.model), Sha256OfFile(options.output / "best.onnx"));
  double best = 0;  // of the model that is kept, not of the last
  for (const Json& line : metrics) {
    if (line.contains("validation")) best = std::max<double>(best, line["validation"]["auc"]);
  }
  EXPECT_EQ(result.validation["auc"], best);
  options.resume = true;
  EXPECT_EQ(Train(options).steps, result.steps);
}

TEST_F(TrainerTest, TheBestOfAResumedRunIsCalibratedAsItSays) {
  TrainOptions options = Options("run");
  options.steps = 2;
  options.select_best = true;
  options.name = "before";
  const std::string before = Sha256OfFile(Train(options).model);
  options.resume = true;
  EXPECT_EQ(Sha256OfFile(Train(options).model), before);
  // It was calibrated when it was the best, and its margins are gone.
  TrainOptions other = options;
  other.false_alarm_rate = 0.5;
  EXPECT_THAT(Refusal(other), HasSubstr("false_alarm_rate = 0.05, not 0.5"));
  other = options;
  other.missed_rate = 0.5;
  EXPECT_THAT(Refusal(other), HasSubstr("missed_rate"));
  other = options;
  other.validation_faces = 1;
  EXPECT_THAT(Refusal(other), HasSubstr("validation_faces"));
  other = options;
  other.select_best = false;
  EXPECT_THAT(Refusal(other), HasSubstr("select_best = true"));
  // What is only said of it may change.
  options.name = "after";
  options.licence = "CC0-1.0";
  options.training_data = "six photos";
  const ModelMetadata after = *DescribeModel(Train(options).model).metadata;
  EXPECT_EQ(after.name, "after");
  EXPECT_EQ(after.licence, "CC0-1.0");
  EXPECT_EQ(after.training_data, "six photos");
}

TEST_F(TrainerTest, AccumulatedBatchesAreOneLargeBatch) {
  // Without norms that depend on the batch: two batches of two pairs give the step of one of four.
  const auto weights = [&](int64_t pairs, int64_t accumulate) {
    TrainOptions options = Options("run-" + std::to_string(accumulate));
    options.steps = 1;
    options.pairs = pairs;
    options.accumulate = accumulate;
    options.warm_up = 0;
    options.optimizer = "sgd";
    options.dropout = 0;
    options.freeze = {"conv", "bn", "blocks"};
    Train(options);
    Session session(options.output / "model.onnx", {.use_cache = false});
    const std::vector<float> input(3 * 32 * 32, 0.5f);
    session.Run(input, {1, 3, 32, 32});
    const auto logits = session.output("logits").values;
    return std::vector<float>(logits.begin(), logits.end());
  };
  const std::vector<float> one = weights(4, 1), two = weights(2, 2);
  for (size_t i = 0; i < one.size(); ++i) EXPECT_NEAR(one[i], two[i], 1e-5);
}

TEST_F(TrainerTest, AValidationThatIsInterruptedIsMadeUpFor) {
  TrainOptions whole = Options("whole");
  whole.checkpoint_every = 100;
  Train(whole);
  TrainOptions parts = whole;
  parts.output = runs_.path() / "parts";
  CancelToken cancel;
  // Progress is reported before the validation of the same step.
  EXPECT_THROW(Train(parts, &cancel,
                     [&](const TrainProgress& p) {
                       if (p.step == 3) cancel.Cancel();
                     }),
               Cancelled);
  parts.resume = true;
  Train(parts);
  const std::vector<Json> metrics = Metrics(parts.output);
  ASSERT_EQ(metrics.size(), 4u);
  EXPECT_EQ(metrics[1]["step"], 3);
  EXPECT_EQ(metrics[1]["validation"], Metrics(whole.output)[1]["validation"]);
}

TEST_F(TrainerTest, AResumedRunMustHaveTheSameRecipe) {
  TrainOptions options = Options("run");
  options.steps = 2;
  Train(options);
  options.resume = true;
  options.learning_rate = 0.1;
  EXPECT_THAT(Refusal(options), HasSubstr("learning_rate"));
  options.learning_rate = Options("run").learning_rate;
  // Intervals are free, unless the schedule goes by them.
  TrainOptions other = options;
  other.validate_every = 2;
  EXPECT_EQ(RecipeOf(other), RecipeOf(options));
  other.schedule = options.schedule = "plateau";
  EXPECT_NE(RecipeOf(other), RecipeOf(options));
  other = options;
  other.forgery = "warp=2,self-blend=8";
  options.forgery = "self-blend=4,warp";
  EXPECT_EQ(RecipeOf(other), RecipeOf(options));
  other.forgery = "self-blend=3,warp";
  EXPECT_NE(RecipeOf(other), RecipeOf(options));
  options.forgery = Options("run").forgery;
  other = options;
  other.forgery_strength = 0.5;
  EXPECT_NE(RecipeOf(other), RecipeOf(options));
  options.schedule = Options("run").schedule;
  const fs::path checkpoint = options.output / "checkpoint.pt";
  fs::resize_file(checkpoint, fs::file_size(checkpoint) / 2);
  EXPECT_THAT(Refusal(options), HasSubstr("checkpoint.pt"));
  WriteTextFile(checkpoint, "no archive");
  EXPECT_THAT(Refusal(options), HasSubstr("checkpoint.pt"));
}

// Of 22 faces one is real, so of the two batches of a validation one holds fakes alone.
TEST_F(TrainerTest, ABatchOfAValidationMayHoldFakesAlone) {
  const TemporaryFolder folder;
  const fs::path fakes = MakeTestStore(folder.path(), [](PrepareInput& input) {
    input.label = 1;
    input.split = "val";
    input.identity += " of another";
  });
  const fs::path samples = fs::path(UNMASK_DEPS_DIR) / "samples";
  std::vector<PrepareInput> real(2);
  real[0] = {.file = samples / "suit.jpg", .split = "val", .label = 0};
  real[1] = {.file = samples / "sample1.jpg", .split = "train", .label = 0};
  for (PrepareInput& input : real) input.identity = input.file.stem();
  Prepare(real, folder.path() / "real", {.crop_size = 112});
  std::vector<PrepareInput> other = real;
  other[1].label = 1;
  other[1].identity = "another";
  Prepare({other[1]}, folder.path() / "fake", {.crop_size = 112});
  TrainOptions options = Options("run");
  options.stores = {folder.path() / "real", folder.path() / "fake", fakes};
  options.forgery = "none";
  options.sampling.balance = "none";
  options.steps = 2;
  const TrainResult result = Train(options);
  EXPECT_GT(result.validation["faces"], 16);
  EXPECT_GE(result.validation["temperature"], 1);  // of so few faces none is certain

  // Faces that come first may all be fake, which is found before time is spent.
  options.output = runs_.path() / "few";
  options.validation_faces = 1;
  bool began = false;
  EXPECT_THAT(Refusal(options, [&](const TrainProgress&) { began = true; }),
              HasSubstr("the 2 faces of the split 'val' that validations judge are all fake"));
  EXPECT_FALSE(began);
  EXPECT_FALSE(fs::exists(options.output));
}

TEST_F(TrainerTest, ALossThatIsNotFiniteEndsTheRun) {
  TrainOptions options = Options("run");
  Weights weights =
      ReadSafetensors(fs::path(UNMASK_DEPS_DIR) / "weights" / "efficientnet_lite0.safetensors");
  weights.at("bn2.bias").values[0] = NAN;
  options.initial_weights = runs_.path() / "poisoned.safetensors";
  WriteSafetensors(options.initial_weights, weights);
  EXPECT_THAT(Refusal(options), HasSubstr("not finite"));
  EXPECT_FALSE(fs::exists(options.output / "model.onnx"));
}

}  // namespace
}  // namespace unmask
