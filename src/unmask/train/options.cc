#include "unmask/train/options.h"

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>
#include <string>
#include <variant>

#include "unmask/backbones/registry.h"
#include "unmask/base/config.h"
#include "unmask/base/error.h"
#include "unmask/base/text.h"
#include "unmask/data/crop_store.h"
#include "unmask/forge/forgery_mix.h"
#include "unmask/infer/session.h"
#include "unmask/losses/registry.h"
#include "unmask/model/sha256.h"
#include "unmask/train/branches.h"
#include "unmask/train/device.h"
#include "unmask/train/optimizer.h"
#include "unmask/train/schedule.h"

namespace unmask {
namespace {

// The range of an option, by its name on the command line and in options.toml.
struct Range {
  const char* name;
  std::variant<double TrainOptions::*, int64_t TrainOptions::*, int TrainOptions::*> member;
  double low = 0;
  double high = HUGE_VAL;
  bool above_low = false;  // the borders themselves are excluded
  bool below_high = false;
};
constexpr int64_t kMany = 1'000'000'000'000;  // steps, more than any run has
constexpr Range kRanges[] = {
    {"embedding-size", &TrainOptions::embedding_size, 0, 65536},
    {"steps", &TrainOptions::steps, 0, kMany},
    {"evidence-weight", &TrainOptions::evidence_weight, 0, 100},
    {"pairs", &TrainOptions::pairs, 1, 4096},
    {"accumulate", &TrainOptions::accumulate, 1, 4096},
    {"learning-rate", &TrainOptions::learning_rate, 0, 10, true, true},
    {"weight-decay", &TrainOptions::weight_decay, 0, 10, false, true},
    {"momentum", &TrainOptions::momentum, 0, 1, false, true},
    {"sam", &TrainOptions::sharpness_radius, 0, 10, false, true},
    {"forgery-strength", &TrainOptions::forgery_strength, 0, 1},
    {"warm-up", &TrainOptions::warm_up, 0, 1, false, true},
    {"schedule-factor", &TrainOptions::schedule_factor, 0, 1, true},
    {"first-layer-rate", &TrainOptions::first_layer_rate, 0, 1, true},
    {"average", &TrainOptions::average_decay, 0, 1, false, true},
    {"gradient-clip", &TrainOptions::gradient_clip},
    {"dropout", &TrainOptions::dropout, 0, 1, false, true},
    {"drop-path", &TrainOptions::drop_path, 0, 1, false, true},
    {"augmentation", &TrainOptions::augmentation, 0, 1},
    {"crop-scale", &TrainOptions::crop_scale, 0.5, 5},
    {"threads", &TrainOptions::threads, 0, 1024},
    {"workers", &TrainOptions::workers, 0, 1024},
    {"validate-every", &TrainOptions::validate_every, 1, kMany},
    {"validation-faces", &TrainOptions::validation_faces, 1, kMany},
    {"false-alarms", &TrainOptions::false_alarm_rate, 0, 1},
    {"misses", &TrainOptions::missed_rate, 0, 1},
    {"checkpoint-every", &TrainOptions::checkpoint_every, 1, kMany},
    {"early-stop", &TrainOptions::early_stop, 0, kMany},
};

std::string TextOf(double number) {
  if (!std::isfinite(number)) return FormatFixed(number, 0);
  const bool whole = number == std::floor(number) && std::fabs(number) < 1e15;
  return whole ? FormatFixed(number, 0) : Json(number).dump();
}

// "from 1", "from 0 to below 1".
std::string RuleOf(const Range& range) {
  std::string rule = (range.above_low ? "above " : "from ") + TextOf(range.low);
  if (std::isfinite(range.high)) {
    rule += (range.below_high ? " to below " : " to ") + TextOf(range.high);
  }
  return rule;
}

void CheckRange(const Range& range, const TrainOptions& options) {
  const auto value_in = [&](const TrainOptions& o) {
    return std::visit([&](auto member) { return static_cast<double>(o.*member); }, range.member);
  };
  const double value = value_in(options);
  const bool above = range.above_low ? value > range.low : value >= range.low;
  const bool below = range.below_high ? value < range.high : value <= range.high;
  if (above && below && std::isfinite(value)) return;
  throw UsageError(std::string(range.name) + " is " + TextOf(value) +
                       ", but must lie in the range " + RuleOf(range),
                   "The standard value is " + TextOf(value_in(TrainOptions())));
}

void Require(bool holds, const std::string& problem, const std::string& remedy) {
  if (!holds) throw UsageError(problem, remedy);
}

// Throws UsageError unless `name` is a row of the table.
template <typename Table>
void RequireRow(const char* what, const std::string& name, const Table& table) {
  std::vector<std::string> known;
  for (const auto& row : table) {
    if (row.name == name) return;
    known.emplace_back(row.name);
  }
  ThrowUnknownName(what, name, known);
}

// What two branches allow.
void CheckBranches(const TrainOptions& o) {
  const std::string branches(kBranchesBackbone);
  Require(o.backbone != branches || o.embedding_size == 0,
          "the backbone " + branches + " has layers of its own in front of its head",
          "Leave out --embedding-size");
  Require((o.backbone != branches && o.general_weights.empty()) || o.input_size % 32 == 0,
          "input-size is " + std::to_string(o.input_size) + ", but the backbone " + branches +
              " takes multiples of 32",
          "Give such a number, or leave it at 0 for 224");
  if (o.general_weights.empty()) return;
  const std::string specific(kSpecificBackbone);
  Require(o.backbone == specific && o.loss == "softmax" && o.embedding_size == 0,
          "--general joins a network of the backbone " + specific +
              " with the loss softmax, without --embedding-size",
          "Give these, or --general none");
  for (const std::string_view layer : kSharedLayers) {
    Require(std::any_of(o.freeze.begin(), o.freeze.end(),
                        [&](const std::string& frozen) { return layer.starts_with(frozen); }),
            "the run would train " + std::string(layer) + ", which both branches share",
            "Give " + FreezeSharedLayers() + ", or --general none");
  }
}

}  // namespace

void TrainOptions::Validate() const {
  Require(!stores.empty(), "training needs at least one store",
          "Make one of your clips with `unmask prepare`, and give its name");
  Require(!output.empty(), "training needs a folder for its results", "Give one with --out");
  FindBackbone(backbone);
  LossOptionsOf(*this);
  CheckBranches(*this);
  if (forgery != "none") ForgeryMix(forgery).Means();
  Require(forgery != "none" || forgery_strength == 1,
          "forgery-strength is given, and with forgery none the stores hold the fakes",
          "Leave one of them out");
  sampling.Validate();
  degradations.Validate();
  RequireRow("optimiser", optimizer, Optimizers());
  RequireRow("schedule", schedule, Schedules());
  RequireRow("kind of norm statistics", norms, NormStatistics());
  Require(norms != "fixed" || !initial_weights.empty(),
          "norms is fixed, but random weights have no statistics to keep",
          "Give weights with --init, or leave out --norms");
  for (const Range& range : kRanges) CheckRange(range, *this);
  Require(
      input_size == 0 || (input_size >= 32 && input_size <= 1024),
      "input-size is " + std::to_string(input_size) + ", but must lie in the range from 32 to 1024",
      "Leave it at 0 for the backbone's own size");
  Require(seed <= INT64_MAX, "seed is " + std::to_string(seed) + ", but must be below 2^63",
          "Give a smaller one");
  const std::string weights_remedy = "Give the weight of real faces, then that of fake ones";
  Require(class_weights.empty() || class_weights.size() == 2, "class-weights must be two numbers",
          weights_remedy);
  for (const double weight : class_weights) {
    Require(weight >= 0 && weight <= 1e6,
            "a number of class-weights is " + TextOf(weight) + ", but must lie in 0 … 1000000",
            weights_remedy);
  }
  Require(class_weights.empty() || class_weights[0] + class_weights[1] > 0,
          "one of the class-weights must be above 0", weights_remedy);
}

void RequireEvenShares(const TrainOptions& options, int processes) {
  Require(options.pairs % processes == 0,
          "a batch of " + std::to_string(options.pairs) + " pairs cannot be divided among " +
              std::to_string(processes) + " processes",
          "Give --pairs a multiple of the number of processes");
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

std::span<const Choice> NormStatistics() {
  static constexpr Choice kChoices[] = {
      {"auto", "fixed where a fake shows its real face and there are first weights, else batch"},
      {"fixed", "those of the first weights"},
      {"batch", "those of the batch"},
  };
  return kChoices;
}

bool KeepsNormStatistics(const TrainOptions& options) {
  if (options.norms != "auto") return options.norms == "fixed";
  const bool alike = options.forgery != "none" || options.sampling.pairing == "identity";
  return alike && !options.initial_weights.empty();
}

bool UsesBfloat16(const TrainOptions& options) {
  return options.bfloat16 && (CpuHasBfloat16() || FindDevice(options.device, 0).is_cuda());
}

Json RecipeOf(const TrainOptions& o) {
  Json faces = Json::array();
  for (const std::filesystem::path& store : o.stores) {
    faces.push_back(ReadCropStoreInfo(store).fingerprint);
  }
  Json recipe = {{"faces", std::move(faces)},
                 {"program_version", kVersion},
                 {"backbone", o.backbone},
                 {"loss", o.loss},
                 {"loss_options", LossOptionsOf(o)},
                 {"embedding_size", o.embedding_size},
                 {"class_weights", o.class_weights},
                 {"forgery", o.forgery == "none" ? "none" : ForgeryMix(o.forgery).ToText()},
                 {"classes", o.sampling.classes},
                 {"quality", o.sampling.quality},
                 {"frames_per_video", o.sampling.frames_per_video},
                 {"balance", o.sampling.balance},
                 {"pairing", o.sampling.pairing},
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
                 {"norms", KeepsNormStatistics(o) ? "fixed" : "batch"},
                 {"dropout", o.dropout},
                 {"drop_path", o.drop_path},
                 {"augmentation", o.augmentation},
                 {"degradations", o.degradations.ToToml("degradations")},
                 {"input_size", o.input_size},
                 {"crop_scale", o.crop_scale},
                 {"bfloat16", UsesBfloat16(o)},
                 {"seed", o.seed}};
  if (o.forgery != "none") {
    const std::string means = ForgeryMix(o.forgery).Means();
    if (!means.empty()) recipe["forgery_means"] = means;
    if (o.forgery_strength != 1) recipe["forgery_strength"] = o.forgery_strength;
  }
  if (!o.general_weights.empty()) {
    recipe["general_sha256"] = Sha256OfFile(o.general_weights);
    // By these the network that was trained is joined.
    recipe["evidence_weight"] = o.evidence_weight;
    recipe["false_alarm_rate"] = o.false_alarm_rate;
    recipe["validation_faces"] = o.validation_faces;
    recipe["select_best"] = o.select_best;
    if (o.select_best) recipe["validate_every"] = o.validate_every;
  }
  if (o.select_best) {  // the best model keeps the calibration of its own validation
    recipe["select_best"] = true;
    recipe["false_alarm_rate"] = o.false_alarm_rate;
    recipe["missed_rate"] = o.missed_rate;
    recipe["validation_faces"] = o.validation_faces;
  }
  if (o.schedule == "plateau") {  // validations decide on the learning rate
    recipe["validate_every"] = o.validate_every;
    recipe["validation_faces"] = o.validation_faces;
  }
  return recipe;
}

void RequireFreeOutput(const TrainOptions& options) {
  std::error_code error;
  const bool used = std::filesystem::exists(options.output / "checkpoint.pt", error);
  if (used && !options.resume) {
    throw Error(options.output.string() + ": holds a run already",
                "Continue it with --resume, or choose another folder");
  }
  if (std::filesystem::exists(options.output, error) &&
      !std::filesystem::is_directory(options.output, error)) {
    throw Error(options.output.string() + ": is there and no folder", "Choose another with --out");
  }
}

}  // namespace unmask
