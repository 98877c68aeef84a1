#include "unmask/train/options.h"

#include <nlohmann/json.hpp>

#include "unmask/backbones/registry.h"
#include "unmask/base/config.h"
#include "unmask/base/error.h"
#include "unmask/data/crop_store.h"
#include "unmask/forge/registry.h"
#include "unmask/infer/session.h"
#include "unmask/losses/registry.h"

namespace unmask {
namespace {

void Require(bool holds, const std::string& rule) {
  if (!holds) throw UsageError(rule);
}

}  // namespace

void TrainOptions::Validate() const {
  Require(!stores.empty(), "training needs at least one store");
  Require(!output.empty(), "training needs a folder for its results");
  FindBackbone(backbone);
  LossOptionsOf(*this);
  Require(embedding_size >= 0 && embedding_size <= 65536, "the embedding's size must be 0 … 65536");
  Require(class_weights.empty() || class_weights.size() == 2,
          "class weights are two numbers: of real and of fake faces");
  for (const double weight : class_weights) {
    Require(weight >= 0 && weight <= 1e6, "a class weight must lie in 0 … 1000000");
  }
  Require(class_weights.empty() || class_weights[0] + class_weights[1] > 0,
          "one of the class weights must be above 0");
  if (forgery != "none") FindForgery(forgery);
  Require(steps >= 1, "steps must be at least 1");
  Require(pairs >= 1 && pairs <= 4096, "pairs must lie in 1 … 4096");
  Require(learning_rate > 0 && learning_rate < 10, "the learning rate must lie between 0 and 10");
  Require(weight_decay >= 0 && weight_decay < 10, "weight decay must lie in 0 … 10");
  Require(accumulate >= 1 && accumulate <= 4096, "batches a step must lie in 1 … 4096");
  Require(momentum >= 0 && momentum < 1, "momentum must lie in 0 … 1, below 1");
  Require(sharpness_radius >= 0 && sharpness_radius < 10, "the radius of SAM must lie in 0 … 10");
  Require(schedule_factor > 0 && schedule_factor <= 1, "the schedule's factor must lie in 0 … 1");
  Require(first_layer_rate > 0 && first_layer_rate <= 1,
          "the share of the rate at the input must lie in 0 … 1, above 0");
  Require(average_decay >= 0 && average_decay < 1,
          "the average's decay must lie in 0 … 1, below 1");
  Require(early_stop >= 0, "early stop must be at least 0");
  Require(warm_up >= 0 && warm_up < 1, "warm-up must lie in 0 … 1, below 1");
  Require(gradient_clip >= 0, "the gradient's clip must be at least 0");
  Require(dropout >= 0 && dropout < 1, "dropout must lie in 0 … 1, below 1");
  Require(drop_path >= 0 && drop_path < 1, "stochastic depth must lie in 0 … 1, below 1");
  Require(augmentation >= 0 && augmentation <= 1, "augmentation must lie in 0 … 1");
  Require(input_size == 0 || (input_size >= 32 && input_size <= 1024),
          "the input size must lie in 32 … 1024");
  Require(crop_scale >= 0.5 && crop_scale <= 5, "the crop scale must lie in 0.5 … 5");
  Require(threads >= 0 && threads <= 1024, "threads must lie in 0 … 1024");
  Require(workers >= 0 && workers <= 1024, "workers must lie in 0 … 1024");
  Require(validate_every >= 1 && checkpoint_every >= 1, "intervals must be at least 1 step");
  Require(validation_faces >= 1, "validation needs at least 1 face");
  Require(false_alarm_rate >= 0 && false_alarm_rate <= 1, "the rate of false alarms is 0 … 1");
}

int64_t InputSize(const TrainOptions& options) {
  return options.input_size > 0 ? options.input_size : FindBackbone(options.backbone).input_size;
}

Json LossOptionsOf(const TrainOptions& options) {
  Json given = Json::object();
  for (const auto& [name, text] : options.loss_options) {
    given[name] = Json::parse(text, nullptr, /*allow_exceptions=*/false);
    if (given[name].is_discarded()) {
      throw UsageError("the loss's parameter " + name + " is '" + text + "', which is no value",
                       "Give a number, true or false");
    }
  }
  return ResolveLossOptions(FindLoss(options.loss), given);
}

bool UsesBfloat16(const TrainOptions& options) { return options.bfloat16 && CpuHasBfloat16(); }

Json RecipeOf(const TrainOptions& o) {
  Json faces = Json::array();
  for (const std::filesystem::path& store : o.stores) {
    faces.push_back(ReadCropStoreInfo(store).fingerprint);
  }
  return {{"faces", std::move(faces)},
          {"program_version", kVersion},
          {"backbone", o.backbone},
          {"loss", o.loss},
          {"loss_options", LossOptionsOf(o)},
          {"embedding_size", o.embedding_size},
          {"class_weights", o.class_weights},
          {"forgery", o.forgery},
          {"initial_weights", o.initial_weights.filename().string()},
          {"steps", o.steps},
          {"pairs", o.pairs},
          {"accumulate", o.accumulate},
          {"optimizer", o.optimizer},
          {"learning_rate", o.learning_rate},
          {"weight_decay", o.weight_decay},
          {"momentum", o.momentum},
          {"sharpness_radius", o.sharpness_radius},
          {"schedule", o.schedule},
          {"warm_up", o.warm_up},
          {"schedule_factor", o.schedule_factor},
          {"first_layer_rate", o.first_layer_rate},
          {"average_decay", o.average_decay},
          {"freeze", o.freeze},
          {"gradient_clip", o.gradient_clip},
          {"dropout", o.dropout},
          {"drop_path", o.drop_path},
          {"augmentation", o.augmentation},
          {"input_size", o.input_size},
          {"crop_scale", o.crop_scale},
          {"bfloat16", UsesBfloat16(o)},
          {"seed", o.seed}};
}

}  // namespace unmask
