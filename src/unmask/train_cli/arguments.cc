#include "unmask/train_cli/arguments.h"

#include <CLI/CLI.hpp>
#include <nlohmann/json.hpp>
#include <span>

#include "unmask/backbones/registry.h"
#include "unmask/base/error.h"
#include "unmask/base/paths.h"
#include "unmask/base/text.h"
#include "unmask/console/options.h"
#include "unmask/forge/registry.h"
#include "unmask/losses/registry.h"
#include "unmask/model/model_file.h"
#include "unmask/train/optimizer.h"
#include "unmask/train/schedule.h"

namespace unmask {
namespace {

namespace fs = std::filesystem;

// "softmax", "a, b": the names in a table's column `name`.
template <typename Table>
std::string NamesOf(const Table& table) {
  std::vector<std::string> names;
  for (const auto& row : table) names.emplace_back(row.name);
  return Join(names, ", ");
}

// "labels: half …; classes: …".
std::string DescribeChoices(std::span<const Choice> choices) {
  std::vector<std::string> lines;
  for (const Choice& choice : choices) {
    lines.push_back(std::string(choice.name) + ": " + std::string(choice.summary));
  }
  return Join(lines, "; ");
}

// Throws Error unless it is there, before time is spent.
void RequireFile(const fs::path& file) {
  std::error_code error;
  if (fs::exists(file, error)) return;
  throw Error(file.string() + ": no such file",
              "Give a file that is there; docs/training.md says how those of a recipe are made");
}

// Throws UsageError where `value` is no file and nearly one of the names that the option knows.
void RefuseMisspelling(const std::string& option, const std::string& value,
                       const std::vector<std::string>& names) {
  std::error_code error;
  const std::string nearest = NearestName(value, names);
  if (nearest.empty() || fs::exists(value, error)) return;
  throw UsageError(option + " is '" + value + "', but there is no such file",
                   "Did you mean '" + nearest + "'?");
}

// The file behind --general; empty for none.
fs::path GeneralWeights(const std::string& general) {
  if (general == "none") return {};
  if (general == "default") return FindAsset(kDefaultModel);
  if (general.empty()) throw UsageError("general is empty", "Give none, default or a file");
  RefuseMisspelling("general", general, {"none", "default"});
  return general;
}

// The file behind --init; empty for random weights.
fs::path FirstWeights(const std::string& init, const std::string& backbone) {
  if (init == "random") return {};
  if (init == "default") return FindAsset(kDefaultModel);
  if (init.empty()) throw UsageError("init is empty", "Give imagenet, default, random or a file");
  if (init != "imagenet") {
    RefuseMisspelling("init", init, {"imagenet", "default", "random"});
    return init;
  }
  const std::string owner(FindBackbone(backbone).weights_name());
  try {
    return FindAsset("weights/" + owner + ".safetensors");
  } catch (const Error& e) {
    throw Error("there are no ImageNet weights of " + owner + " (" + e.problem() + ")",
                "Give a safetensors file with timm's names or a model to --init, or --init random");
  }
}

}  // namespace

void AddTrainArguments(CLI::App& app, TrainArguments& a) {
  TrainOptions& o = a.options;
  const auto add = [&app](const char* name, auto& value, const std::string& help,
                          const char* group = "Options") {
    return app.add_option(name, value, help)->capture_default_str()->group(group);
  };
  app.add_option(
         "STORES", o.stores,
         "stores of faces that `unmask prepare` wrote; or your own real videos, pictures and "
         "folders of them, whose faces are prepared first. Each folder in a folder is a "
         "person, other files are persons of their own")
      ->type_name("FOLDER");
  app.add_option("-o,--out", o.output, "folder of the run: model, checkpoint, metrics")
      ->type_name("FOLDER");
  app.add_option("--recipe", a.recipe,
                 "take options from a recipe, see below; what is given here goes before it")
      ->type_name("NAME|FILE");
  app.add_option("--config", a.config,
                 "read options from a TOML file; what is given here goes before it")
      ->type_name("FILE");
  app.add_flag("--print-config", a.print_config,
               "print all options as such a file instead of training");
  add("--backbone", o.backbone, "one of: " + NamesOf(Backbones()));
  add("--loss", o.loss, "one of: " + NamesOf(Losses()));
  app.add_option("--loss-option", a.loss_options,
                 "a parameter of the loss, NAME=VALUE; may be repeated; see below")
      ->allow_extra_args(false)
      ->type_name("NAME=VALUE");
  add("--forgery", o.forgery,
      "pair every real face with a forged copy: " + NamesOf(Forgeries()) +
          "; or a mix such as self-blend=4,warp=1; none: the stores hold fakes of their own");
  add("--forgery-strength", o.forgery_strength,
      "of the manipulation, 0 … 1. A check for leaks: with 0 a fake equals its real face, and the "
      "AUC must stay at 0.5");
  add("--init", a.init,
      "first weights: imagenet (where installed), default (the model that comes with the program), "
      "random, a safetensors file with timm's names, or a model.onnx to train on")
      ->type_name("NAME|FILE");
  add("--general", a.general,
      "when the run ends, join the network (backbone efficientnet_lite0, shared layers frozen) "
      "with the general branch of this model, see docs/training.md: none, default, or a model.onnx")
      ->type_name("NAME|FILE");
  add("--evidence-weight", o.evidence_weight, "of what the network says beside --general");
  add("--steps", o.steps, "optimiser steps; 0: only measure and calibrate the first weights");
  add("--pairs", o.pairs, "pairs of a real and a fake face in a batch");
  AddSeedOption(app, o.seed, "fixes the run");
  app.add_flag("--resume", o.resume, "continue the run in --out");
  AddThreadsOption(app, o.threads);
  add("--workers", o.workers, "threads that make batches; 0: one per core");
  add("--precision", a.precision, "bf16 (where the CPU has it) or fp32")
      ->check(CLI::IsMember({"bf16", "fp32"}));
  add("--device", o.device, "auto (a card where LibTorch has one), cpu, cuda, or cuda:NUMBER");
  add("--processes", a.processes,
      "on this machine, that share every batch; see docs/processes.md for several machines")
      ->check(CLI::Range(1, 1024));
  app.add_flag("--deterministic", o.deterministic,
               "only algorithms that give the same result every time (it matters on cards)");

  const char* kFaces = "Faces";
  SamplingOptions& s = o.sampling;
  app.add_option("--classes", s.classes,
                 "classes to train on, such as Deepfakes,FaceSwap; of fakes or of real faces of "
                 "which none is named, all are taken")
      ->delimiter(',')
      ->allow_extra_args(false)
      ->type_name("NAME")
      ->group(kFaces);
  add("--quality", s.quality, "take this quality of the stores alone, such as c23", kFaces);
  add("--frames-per-video", s.frames_per_video,
      "faces of a video in an epoch, at most; others have their turn in the next; 0: all", kFaces);
  add("--balance", s.balance, DescribeChoices(Balances()), kFaces);
  add("--pairing", s.pairing, DescribeChoices(Pairings()), kFaces);

  const char* kRecipe = "Recipe";
  add("--optimizer", o.optimizer, "one of: " + NamesOf(Optimizers()), kRecipe);
  add("--learning-rate", o.learning_rate, "at its highest", kRecipe);
  add("--schedule", o.schedule, "how the rate falls, one of: " + NamesOf(Schedules()), kRecipe);
  add("--schedule-factor", o.schedule_factor, "of the schedules step and plateau", kRecipe);
  add("--accumulate", o.accumulate, "batches a step", kRecipe);
  add("--momentum", o.momentum, "of the optimiser sgd", kRecipe);
  add("--sam", o.sharpness_radius, "radius of sharpness-aware minimisation, e.g. 0.05; 0: off",
      kRecipe);
  add("--average", o.average_decay, "decay of a moving average of the weights, e.g. 0.999; 0: none",
      kRecipe);
  add("--first-layer-rate", o.first_layer_rate,
      "share of the rate at the input, rising to 1 at the output", kRecipe);
  app.add_option("--freeze", o.freeze,
                 "beginning of names of parameters that stay as they are; may be repeated")
      ->allow_extra_args(false)
      ->type_name("NAME")
      ->group(kRecipe);
  add("--weight-decay", o.weight_decay, "of filters and matrices", kRecipe);
  add("--warm-up", o.warm_up, "share of the steps with a rising rate", kRecipe);
  add("--gradient-clip", o.gradient_clip, "largest norm of the gradients; 0: none", kRecipe);
  add("--norms", o.norms, "whose statistics norms use; " + DescribeChoices(NormStatistics()),
      kRecipe);
  add("--dropout", o.dropout, "in front of the head", kRecipe);
  add("--drop-path", o.drop_path, "stochastic depth of the last block", kRecipe);
  add("--augmentation", o.augmentation, "strength of degradations, 0 … 1", kRecipe);
  app.add_option("--degradation", a.degradations,
                 "how often one happens, and between which strengths; may be repeated; see below")
      ->allow_extra_args(false)
      ->type_name("NAME=P[,LOW,HIGH]")
      ->group(kRecipe);
  add("--embedding-size", o.embedding_size,
      "size of an extra layer in front of the loss; 0: the backbone's own embedding", kRecipe);
  app.add_option("--class-weights", o.class_weights,
                 "of real and of fake faces in the loss, such as 1 0.5; of use with --balance none")
      ->expected(2)
      ->group(kRecipe);
  add("--input-size", o.input_size, "pixels; 0: the backbone's own", kRecipe);
  add("--crop-scale", o.crop_scale, "width of a crop in relation to the face", kRecipe);

  const char* kResults = "Results";
  add("--validate-every", o.validate_every, "steps", kResults);
  add("--validation-faces", o.validation_faces, "real faces of the split val, at most", kResults);
  add("--false-alarms", o.false_alarm_rate, "share of real faces the threshold is set for",
      kResults);
  add("--misses", o.missed_rate,
      "share of fake faces below the score up to which the model says real; between it and the "
      "threshold it cannot tell",
      kResults);
  add("--early-stop", o.early_stop,
      "validations without a better AUC after which the run ends; 0: never", kResults);
  app.add_flag("--best", o.select_best,
               "model.onnx is the model of the best validation, not the last")
      ->group(kResults);
  add("--checkpoint-every", o.checkpoint_every, "steps", kResults);
  app.add_option("--sheet", a.sheet, "write a picture of training pairs instead of training")
      ->group(kResults);
  add("--sheet-of", a.sheet_of,
      "what --sheet shows: pairs, or degradations from weak to strong on one face", kResults)
      ->check(CLI::IsMember({"pairs", "degradations"}));
  add("--name", o.name, "of the model", kResults);
  add("--training-data", o.training_data, "a sentence for the model's description", kResults);
  add("--licence", o.licence, "of the model", kResults);
  AddJsonOption(app, a.json);

  // What says how to run this time, or has a place of its own in the file.
  for (const char* name : {"--help", "--version", "--quiet", "--verbose", "--recipe", "--config",
                           "--print-config", "--processes", "--resume", "--sheet", "--sheet-of",
                           "--json", "--loss-option", "--degradation"}) {
    app.get_option(name)->configurable(false);
  }
}

std::string DescribeLosses() {
  std::string text = "Losses and their options (--loss-option NAME=VALUE):\n";
  for (const LossKind& loss : Losses()) {
    text += "  " + std::string(loss.name) + "\n      " + std::string(loss.summary) + "\n";
    for (const LossParameter& p : loss.maker.parameters()) {
      text += "      " + p.name + "=" + p.standard.dump() + "  " + p.help + "\n";
    }
  }
  return text;
}

std::map<std::string, std::string> GivenLossOptions(const TrainArguments& arguments) {
  std::map<std::string, std::string> options;
  if (const auto found = arguments.loss_tables.find(arguments.options.loss);
      found != arguments.loss_tables.end()) {
    options = found->second;
  }
  for (const std::string& argument : arguments.loss_options) {
    const size_t equals = argument.find('=');
    if (equals == std::string::npos) {
      throw UsageError("--loss-option " + argument + ": has no value", "Write it as NAME=VALUE");
    }
    options[argument.substr(0, equals)] = argument.substr(equals + 1);
  }
  return options;
}

std::string DescribeDegradations() {
  std::string text = "Degradations (--degradation NAME=PROBABILITY,LOWEST,HIGHEST):\n";
  for (const DegradationKind& kind : Degradations()) {
    const DegradationLevel& level = kind.standard;
    text += "  " + std::string(kind.name) + "=" + Json(level.probability).dump();
    if (!kind.unit.empty()) {
      text += "," + Json(level.low).dump() + "," + Json(level.high).dump() + " (" +
              std::string(kind.unit) + ")";
    }
    text += "\n      " + std::string(kind.summary) + "\n";
  }
  return text;
}

DegradationLevels GivenDegradations(const TrainArguments& arguments) {
  DegradationLevels levels = arguments.options.degradations;
  for (const std::string& text : arguments.degradations) levels.Set(text);
  return levels;
}

TrainOptions ResolveArguments(const TrainArguments& arguments) {
  TrainOptions options = arguments.options;
  options.degradations = GivenDegradations(arguments);
  options.initial_weights = FirstWeights(arguments.init, options.backbone);
  options.general_weights = GeneralWeights(arguments.general);
  // A resumed run has its first weights in its checkpoint.
  if (!options.initial_weights.empty() && !options.resume) RequireFile(options.initial_weights);
  if (!options.general_weights.empty()) RequireFile(options.general_weights);
  options.loss_options = GivenLossOptions(arguments);
  options.bfloat16 = arguments.precision == "bf16";
  return options;
}

}  // namespace unmask
