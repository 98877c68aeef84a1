// The training program, which `unmask train` runs: it alone loads LibTorch.

#include <malloc.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <cstdlib>
#include <map>
#include <nlohmann/json.hpp>
#include <opencv2/core.hpp>
#include <string>
#include <vector>

#include "unmask/backbones/registry.h"
#include "unmask/base/paths.h"
#include "unmask/base/text.h"
#include "unmask/console/options.h"
#include "unmask/console/output.h"
#include "unmask/console/program.h"
#include "unmask/console/signals.h"
#include "unmask/forge/registry.h"
#include "unmask/losses/registry.h"
#include "unmask/media/picture.h"
#include "unmask/sampling/pair_sheet.h"
#include "unmask/train/optimizer.h"
#include "unmask/train/schedule.h"
#include "unmask/train/source_options.h"
#include "unmask/train/trainer.h"

namespace unmask {
namespace {

// "softmax", "a, b": the names in a table's column `name`.
template <typename Table>
std::string NamesOf(const Table& table) {
  std::vector<std::string> names;
  for (const auto& row : table) names.emplace_back(row.name);
  return Join(names, ", ");
}

struct Arguments {
  TrainOptions options;
  std::string init = "imagenet";  // see InitialWeights()
  std::string precision = "bf16";
  std::vector<std::string> loss_options;  // "name=value"
  std::filesystem::path sheet;
  bool json = false;
};

void AddOptions(CLI::App& app, Arguments& a) {
  TrainOptions& o = a.options;
  const auto add = [&app](const char* name, auto& value, const std::string& help,
                          const char* group = "Options") {
    return app.add_option(name, value, help)->capture_default_str()->group(group);
  };
  app.add_option("STORES", o.stores, "stores of faces that `unmask prepare` wrote")
      ->required()
      ->type_name("FOLDER");
  app.add_option("-o,--out", o.output, "folder of the run: model, checkpoint, metrics")
      ->type_name("FOLDER");
  add("--backbone", o.backbone, "one of: " + NamesOf(Backbones()));
  add("--loss", o.loss, "one of: " + NamesOf(Losses()));
  app.add_option("--loss-option", a.loss_options,
                 "a parameter of the loss, NAME=VALUE; may be repeated; see below")
      ->type_name("NAME=VALUE");
  add("--forgery", o.forgery,
      "pair every real face with a forged copy: " + NamesOf(Forgeries()) +
          "; none: the stores hold fakes of their own");
  add("--init", a.init,
      "first weights of the backbone: imagenet (where installed), random, or a safetensors file "
      "with timm's names");
  add("--steps", o.steps, "optimiser steps");
  add("--pairs", o.pairs, "pairs of a real and a fake face in a batch");
  add("--seed", o.seed, "fixes the run");
  app.add_flag("--resume", o.resume, "continue the run in --out");
  AddThreadsOption(app, o.threads);
  add("--workers", o.workers, "threads that make batches; 0: one per core");
  add("--precision", a.precision, "bf16 (where the CPU has it) or fp32")
      ->check(CLI::IsMember({"bf16", "fp32"}));

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
  app.add_option("--freeze", o.freeze, "beginnings of names of parameters that stay as they are")
      ->type_name("NAME")
      ->group(kRecipe);
  add("--weight-decay", o.weight_decay, "of filters and matrices", kRecipe);
  add("--warm-up", o.warm_up, "share of the steps with a rising rate", kRecipe);
  add("--gradient-clip", o.gradient_clip, "largest norm of the gradients; 0: none", kRecipe);
  add("--dropout", o.dropout, "in front of the head", kRecipe);
  add("--drop-path", o.drop_path, "stochastic depth of the last block", kRecipe);
  add("--augmentation", o.augmentation, "strength of degradations, 0 … 1", kRecipe);
  add("--embedding-size", o.embedding_size,
      "size of an extra layer in front of the loss; 0: the backbone's own embedding", kRecipe);
  app.add_option("--class-weights", o.class_weights,
                 "of real and of fake faces in the loss (batches hold as many of either)")
      ->expected(2)
      ->group(kRecipe);
  add("--input-size", o.input_size, "pixels; 0: the backbone's own", kRecipe);
  add("--crop-scale", o.crop_scale, "width of a crop in relation to the face", kRecipe);

  const char* kResults = "Results";
  add("--validate-every", o.validate_every, "steps", kResults);
  add("--validation-faces", o.validation_faces, "real faces of the split val, at most", kResults);
  add("--false-alarms", o.false_alarm_rate, "share of real faces the threshold is set for",
      kResults);
  add("--early-stop", o.early_stop,
      "validations without a better AUC after which the run ends; 0: never", kResults);
  app.add_flag("--best", o.select_best,
               "model.onnx is the model of the best validation, not the last")
      ->group(kResults);
  add("--checkpoint-every", o.checkpoint_every, "steps", kResults);
  app.add_option("--sheet", a.sheet, "write a picture of training pairs instead of training")
      ->group(kResults);
  add("--name", o.name, "of the model", kResults);
  add("--training-data", o.training_data, "a sentence for the model's description", kResults);
  add("--licence", o.licence, "of the model", kResults);
}

// The table of losses with their parameters, for the end of the help.
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

std::map<std::string, std::string> LossOptions(const std::vector<std::string>& arguments) {
  std::map<std::string, std::string> options;
  for (const std::string& argument : arguments) {
    const size_t equals = argument.find('=');
    if (equals == std::string::npos) {
      throw UsageError("--loss-option " + argument + ": has no value", "Write it as NAME=VALUE");
    }
    options[argument.substr(0, equals)] = argument.substr(equals + 1);
  }
  return options;
}

std::filesystem::path InitialWeights(const std::string& init, const std::string& backbone) {
  if (init == "random") return {};
  if (init != "imagenet") return init;
  try {
    return FindAsset("weights/" + backbone + ".safetensors");
  } catch (const Error& e) {
    throw Error("there are no ImageNet weights of " + backbone + " (" + e.problem() + ")",
                "Give a safetensors file with timm's names to --init, or --init random");
  }
}

Json ToJson(const TrainResult& result) {
  return {{"model", result.model.string()},
          {"steps", result.steps},
          {"validation", ToJson(result.validation)}};
}

std::string ToText(const TrainResult& result) {
  const Validation& v = result.validation;
  return "trained " + std::to_string(result.steps) + " steps; on " +
         std::to_string(v.labels.size()) + " held-out faces: AUC " + FormatFixed(v.auc, 4) +
         ", accuracy " + FormatFixed(v.accuracy, 3) + ", log loss " + FormatFixed(v.log_loss, 3) +
         " (" + FormatFixed(v.calibrated_log_loss, 3) + " calibrated)\nmodel written to " +
         result.model.string() + "\n";
}

int Run(const TrainOptions& options, bool json) {
  const auto progress = MakeProgress("train", "steps");
  try {
    const TrainResult result = Train(options, &GlobalCancelToken(), [&](const TrainProgress& p) {
      progress->Update(p.step, p.steps,
                       "loss " + FormatFixed(p.loss, 3) + ", accuracy " +
                           FormatFixed(p.accuracy, 3) + ", " + FormatFixed(p.images_per_second, 1) +
                           " images/s");
    });
    progress->Finish();
    if (json) {
      PrintJson(ToJson(result));
    } else {
      Print(ToText(result));
    }
  } catch (const Cancelled&) {
    progress->Finish();
    PrintNote("the run is kept; continue it with the same command and --resume");
    throw;
  }
  return 0;
}

int Main(int argc, char** argv) {
  CLI::App app("Trains a classifier of real and manipulated faces.", "unmask train");
  DressProgram(app);
  Arguments a;
  AddOptions(app, a);
  AddJsonOption(app, a.json);
  app.footer(
      "Examples:\n"
      "  unmask prepare interviews/ --label real --out faces\n"
      "  unmask train faces --out run --steps 1000\n"
      "  unmask train faces --out run2 --loss arcface --loss-option scale=30\n\n"
      "The run's folder receives model.onnx, checkpoint.pt, metrics.jsonl and\n"
      "options.json. Ctrl-C keeps what was done; the same command with --resume\n"
      "goes on from there, with the number of steps it began with.\n\n"
      "Every person belongs to one split, by the manifest of `unmask prepare` or by a\n"
      "hash of the name: 80 % train, 10 % val, 10 % test. Training needs faces in val\n"
      "too, so give some twenty people, or name the splits in a manifest.\n\n" +
      DescribeLosses());
  return ParseAndRun(app, argc, argv, [&] {
    if (!a.sheet.empty()) {
      const PairSource source(OpenStores(a.options.stores),
                              SourceOptions(a.options, "train", a.options.augmentation));
      WritePicture(a.sheet, PairSheet(source));
      return 0;
    }
    a.options.initial_weights = InitialWeights(a.init, a.options.backbone);
    a.options.loss_options = LossOptions(a.loss_options);
    a.options.bfloat16 = a.precision == "bf16";
    return Run(a.options, a.json);
  });
}

// Threads of OpenMP that spin while they wait take the cores from those that make batches. The
// policy is read before main() begins, so the program starts anew with it.
void WaitPassively(char** argv) {
  if (std::getenv("OMP_WAIT_POLICY") != nullptr) return;
  setenv("OMP_WAIT_POLICY", "passive", 1);
  std::error_code error;
  const std::filesystem::path program = std::filesystem::read_symlink("/proc/self/exe", error);
  if (!error) execv(program.c_str(), argv);  // where this fails training is merely slower
}

}  // namespace
}  // namespace unmask

int main(int argc, char** argv) {
  unmask::WaitPassively(argv);
  // Tensors are large and freed in every step; without this malloc returns them to the system and
  // page faults cost up to three quarters of the time.
  mallopt(M_MMAP_THRESHOLD, 1 << 30);
  mallopt(M_TRIM_THRESHOLD, 2047 << 20);
  cv::setNumThreads(1);  // batches are made by several threads already
  return unmask::RunReported([&] { return unmask::Main(argc, argv); });
}
