#include "unmask/train_cli/autoencoder.h"

#include <CLI/CLI.hpp>
#include <algorithm>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>

#include "unmask/backbones/autoencoder.h"
#include "unmask/base/text.h"
#include "unmask/console/options.h"
#include "unmask/console/output.h"
#include "unmask/console/program.h"
#include "unmask/console/signals.h"
#include "unmask/train/autoencoder_trainer.h"

namespace unmask {
namespace {

constexpr std::string_view kOption = "--autoencoder";

std::string DescribeDecoders() {
  std::string text = "Kinds of decoders:\n";
  for (const DecoderKind& kind : Decoders()) {
    text += "  " + std::string(kind.name) + "\n      " + std::string(kind.summary) + "\n";
  }
  return text;
}

int Run(const AutoencoderOptions& options, bool json) {
  const auto progress = MakeProgress("train", "steps");
  AutoencoderResult result;
  try {
    result = TrainAutoencoder(options, &GlobalCancelToken(), [&](const AutoencoderProgress& p) {
      progress->Update(p.step, p.steps,
                       "loss " + FormatFixed(p.loss, 4) + ", PSNR " + FormatFixed(p.psnr, 2) +
                           " dB, " + FormatFixed(p.images_per_second, 1) + " images/s");
    });
  } catch (const Cancelled&) {
    progress->Finish();
    PrintNote("nothing was written");
    throw;
  }
  progress->Finish();
  if (json) {
    PrintJson({{"model", result.model.string()},
               {"steps", result.steps},
               {"validation", {{"faces", result.validation_faces}, {"psnr", result.psnr}}}});
  } else {
    Print("trained " + std::to_string(result.steps) + " steps; on " +
          CountOf(static_cast<size_t>(result.validation_faces), "held-out face") + ": PSNR " +
          FormatFixed(result.psnr, 2) + " dB\nautoencoder written to " + result.model.string() +
          "\n");
  }
  return 0;
}

}  // namespace

bool AsksForAutoencoder(int argc, char** argv) {
  return std::any_of(argv + 1, argv + argc, [](std::string_view argument) {
    return argument == kOption || argument.starts_with(std::string(kOption) + "=");
  });
}

int TrainAutoencoderProgram(int argc, char** argv) {
  CLI::App app("Trains a small autoencoder of faces, for the forgery `reconstruct`.",
               "unmask train");
  DressProgram(app);
  AutoencoderOptions o;
  std::string precision = "bf16";
  bool json = false;
  const auto add = [&app](const char* name, auto& value, const std::string& help) {
    return app.add_option(name, value, help)->capture_default_str();
  };
  app.add_option("STORES", o.stores, "stores of faces that `unmask prepare` wrote")
      ->type_name("FOLDER");
  add(kOption.data(), o.decoder, "kind of its decoder, see below")->type_name("KIND");
  app.add_option("-o,--out", o.output, "file of the autoencoder")->type_name("FILE.onnx");
  add("--steps", o.steps, "optimiser steps");
  add("--batch", o.batch, "faces of a step");
  add("--learning-rate", o.learning_rate, "at its highest; it falls by half a cosine");
  add("--augmentation", o.augmentation,
      "how often faces are degraded, in relation to the training of classifiers, 0 … 1");
  AddSeedOption(app, o.seed, "fixes the result");
  AddThreadsOption(app, o.threads);
  add("--workers", o.workers, "threads that make batches; 0: one per core");
  add("--precision", precision, "bf16 (where the CPU has it) or fp32")
      ->check(CLI::IsMember({"bf16", "fp32"}));
  add("--device", o.device, "auto (a card where LibTorch has one), cpu, cuda, or cuda:NUMBER");
  add("--validation-faces", o.validation_faces, "real faces of the split val, at most");
  add("--training-data", o.training_data, "a sentence for the file's description");
  add("--licence", o.licence, "of the file");
  AddJsonOption(app, json);
  app.footer(
      "Examples:\n"
      "  unmask prepare interviews/ --label real --out faces\n"
      "  unmask train --autoencoder nearest faces --out autoencoders/nearest.onnx\n"
      "  UNMASK_AUTOENCODERS=autoencoders unmask train faces --out run \\\n"
      "      --forgery reconstruct\n\n"
      "Of the stores, real faces are taken. The file carries its recipe and its PSNR on\n"
      "the split val (unmask models FILE.onnx). Ctrl-C leaves nothing behind.\n\n" +
      DescribeDecoders());
  return ParseAndRun(app, argc, argv, [&] {
    o.bfloat16 = precision == "bf16";
    return Run(o, json);
  });
}

}  // namespace unmask
