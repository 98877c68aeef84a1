#include "unmask/train/options.h"

#include <gmock/gmock.h>

#include <filesystem>
#include <string>

#include "unmask/base/error.h"
#include "unmask/base/temporary_folder.h"
#include "unmask/sampling/test_store.h"
#include "unmask/train/trainer.h"

namespace unmask {
namespace {

namespace fs = std::filesystem;
using testing::HasSubstr;

TEST(TrainOptionsTest, BadOptionsAreRefusedBeforeTimeIsSpent) {
  const TemporaryFolder folder;
  MakeTestStore(folder.path());
  const auto refusal = [&](auto change) -> std::string {
    TrainOptions options;
    options.stores = {folder.path() / "store"};
    options.output = folder.path() / "run";
    options.input_size = 32;
    change(options);
    try {
      Train(options);
    } catch (const Error& e) {
      EXPECT_FALSE(fs::exists(options.output)) << e.what();
      return e.what();
    }
    return "";
  };
  EXPECT_THAT(refusal([](auto& o) { o.backbone = "xcepton"; }), HasSubstr("xception"));
  EXPECT_THAT(refusal([](auto& o) { o.loss = "sofmax"; }), HasSubstr("softmax"));
  EXPECT_THAT(refusal([](auto& o) { o.loss_options = {{"scale", "3"}}; }), HasSubstr("scale"));
  EXPECT_THAT(refusal([](auto& o) { o.loss_options = {{"scale", "x"}}; }), HasSubstr("no value"));
  EXPECT_THAT(refusal([](auto& o) { o.optimizer = "adamx"; }), HasSubstr("adam"));
  EXPECT_THAT(refusal([](auto& o) { o.schedule = "cosin"; }), HasSubstr("cosine"));
  EXPECT_THAT(refusal([](auto& o) { o.norms = "frozen"; }), HasSubstr("fixed"));
  EXPECT_THAT(refusal([](auto& o) { o.norms = "fixed"; }), HasSubstr("random weights"));
  EXPECT_THAT(refusal([](auto& o) { o.freeze = {"blokcs"}; }), HasSubstr("blokcs"));
  EXPECT_THAT(refusal([](auto& o) { o.average_decay = 1; }),
              HasSubstr("average is 1, but must lie in the range from 0 to below 1"));
  EXPECT_THAT(refusal([](auto& o) { o.class_weights = {0, 0}; }), HasSubstr("class-weights"));
  EXPECT_THAT(refusal([](auto& o) { o.workers = 100000; }), HasSubstr("workers"));
  EXPECT_THAT(refusal([](auto& o) { o.crop_scale = 3; }), HasSubstr("outside"));
  EXPECT_THAT(refusal([](auto& o) { o.class_weights = {1}; }), HasSubstr("class-weights"));
  EXPECT_THAT(refusal([](auto& o) { o.forgery = "self-bend"; }), HasSubstr("self-blend"));
  EXPECT_THAT(refusal([](auto& o) { o.forgery = "self-blend,warp=0"; }), HasSubstr("weight"));
  EXPECT_THAT(refusal([](auto& o) { o.forgery_strength = 2; }), HasSubstr("forgery-strength"));
  EXPECT_THAT(refusal([](auto& o) {
                o.forgery = "none";
                o.forgery_strength = 0;
              }),
              HasSubstr("forgery-strength"));
  EXPECT_THAT(refusal([](auto& o) { o.stores = {"/nowhere"}; }), HasSubstr("/nowhere"));
  EXPECT_THAT(refusal([](auto& o) { o.stores.clear(); }), HasSubstr("store"));
  EXPECT_THAT(refusal([](auto& o) { o.forgery = "none"; }), HasSubstr("no fake faces"));
  EXPECT_THAT(refusal([](auto& o) { o.steps = -1; }), HasSubstr("steps"));
  EXPECT_THAT(refusal([](auto& o) { o.evidence_weight = -2; }), HasSubstr("evidence-weight"));
  EXPECT_THAT(refusal([](auto& o) { o.general_weights = "general.onnx"; }),
              HasSubstr("would train conv_stem"));
  EXPECT_THAT(refusal([](auto& o) {
                o.general_weights = "general.onnx";
                o.freeze = {"conv_stem", "bn1", "blocks.0"};
              }),
              HasSubstr("would train blocks.1."));
  EXPECT_THAT(refusal([](auto& o) {
                o.general_weights = "general.onnx";
                o.freeze = {"conv_stem", "bn1", "blocks"};
              }),
              HasSubstr("general.onnx"));
  EXPECT_THAT(refusal([](auto& o) {
                o.general_weights = "general.onnx";
                o.loss = "arcface";
              }),
              HasSubstr("with the loss softmax"));
  EXPECT_THAT(refusal([](auto& o) {
                o.general_weights = "general.onnx";
                o.input_size = 240;
              }),
              HasSubstr("multiples of 32"));
  EXPECT_THAT(refusal([](auto& o) {
                o.backbone = "efficientnet_lite0_branches";
                o.embedding_size = 8;
              }),
              HasSubstr("--embedding-size"));
  EXPECT_THAT(refusal([](auto& o) {
                o.backbone = "efficientnet_lite0_branches";
                o.input_size = 240;
              }),
              HasSubstr("multiples of 32"));
  EXPECT_THAT(refusal([](auto& o) { o.initial_weights = "none.safetensors"; }),
              HasSubstr("none.safetensors"));
  EXPECT_THAT(refusal([](auto& o) {
                o.backbone = "xception";
                o.initial_weights =
                    fs::path(UNMASK_DEPS_DIR) / "weights" / "efficientnet_lite0.safetensors";
              }),
              HasSubstr("does not fit"));
}

TEST(TrainOptionsTest, PairsOfOnePictureDoNotMeetInTheNorms) {
  TrainOptions options;
  EXPECT_FALSE(KeepsNormStatistics(options));  // random weights have no statistics yet
  options.initial_weights = "weights.safetensors";
  EXPECT_TRUE(KeepsNormStatistics(options));
  options.norms = "batch";
  EXPECT_FALSE(KeepsNormStatistics(options));
  options.norms = "auto";
  options.forgery = "none";
  EXPECT_FALSE(KeepsNormStatistics(options));
  options.sampling.pairing = "identity";
  EXPECT_TRUE(KeepsNormStatistics(options));
  options.sampling.pairing = "random";
  options.norms = "fixed";
  EXPECT_TRUE(KeepsNormStatistics(options));
}

}  // namespace
}  // namespace unmask
