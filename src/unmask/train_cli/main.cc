// The training program, which `unmask train` runs: it alone loads LibTorch.

#include <malloc.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <cstdlib>
#include <filesystem>
#include <opencv2/core.hpp>
#include <string>

#include "unmask/base/error.h"
#include "unmask/console/output.h"
#include "unmask/console/program.h"
#include "unmask/media/picture.h"
#include "unmask/sampling/degradation_sheet.h"
#include "unmask/sampling/pair_sheet.h"
#include "unmask/train/source_options.h"
#include "unmask/train_cli/arguments.h"
#include "unmask/train_cli/autoencoder.h"
#include "unmask/train_cli/config_file.h"
#include "unmask/train_cli/layer_maps.h"
#include "unmask/train_cli/media_inputs.h"
#include "unmask/train_cli/recipe.h"
#include "unmask/train_cli/run.h"
#include "unmask/train_cli/together.h"

namespace unmask {
namespace {

int Main(int argc, char** argv) {
  if (argc > 1 && std::string(argv[1]) == "--layer-maps") return MakeLayerMaps(argc, argv);
  if (AsksForAutoencoder(argc, argv)) return TrainAutoencoderProgram(argc, argv);
  CLI::App app("Trains a classifier of real and manipulated faces.", "unmask train");
  DressProgram(app);
  TrainArguments arguments;
  AddTrainArguments(app, arguments);
  app.footer(
      "Examples:\n"
      "  unmask train --recipe self-blend MY_CLIPS/ --out run\n"
      "  unmask prepare interviews/ --label real --out faces\n"
      "  unmask train faces --out run --steps 1000\n"
      "  unmask train faces --out run2 --loss arcface --loss-option scale=30\n"
      "  unmask train --config run/options.toml --out run3 --loss focal\n\n"
      "The run's folder receives model.onnx, checkpoint.pt, metrics.jsonl, curves.png,\n"
      "an event file for TensorBoard, and options.toml, with which the run can be\n"
      "repeated. Ctrl-C keeps what was done; the same command with --resume goes on\n"
      "from there, with the number of steps it began with.\n\n"
      "Every person belongs to one split, by the manifest of `unmask prepare` or by a\n"
      "hash of the name: 80 % train, 10 % val, 10 % test. Training needs faces in val\n"
      "too, so give some twenty people, or name the splits in a manifest. Of clips that\n"
      "are given here, one person in five is held out where there are few.\n\n"
      "unmask train --autoencoder KIND trains an autoencoder of faces for the forgery\n"
      "`reconstruct` instead: see unmask train --autoencoder nearest --help.\n\n" +
      DescribeRecipes() + "\n" + DescribeLosses() + "\n" + DescribeDegradations());
  return ParseAndRun(app, argc, argv, [&] {
    if (!arguments.config.empty() && !arguments.recipe.empty()) {
      throw UsageError("--recipe and --config both bring options",
                       "Give one; --recipe NAME --print-config prints a recipe as such a file");
    }
    if (!arguments.config.empty()) ReadConfig(arguments.config, app, arguments);
    const bool forgery_is_given = app.count("--forgery") > 0;
    if (!arguments.recipe.empty()) ReadConfig(FindRecipe(arguments.recipe), app, arguments);
    if (!arguments.print_config) PrepareMediaInputs(app, arguments, forgery_is_given);
    if (!arguments.sheet.empty()) {
      TrainOptions options = arguments.options;
      options.degradations = GivenDegradations(arguments);
      const PairSource source(OpenStores(options.stores),
                              SourceOptions(options, "train", options.augmentation));
      WritePicture(arguments.sheet, arguments.sheet_of == "pairs"
                                        ? PairSheet(source)
                                        : DegradationSheet(source.StoredCrop(0), source.augment()));
      return 0;
    }
    const std::string config = FormatConfig(app, arguments);
    if (arguments.print_config) {
      Print(config);
      return 0;
    }
    TrainOptions options = ResolveArguments(arguments);
    options.options_file = config;
    options.Validate();  // before others are started
    RequireEvenShares(options, arguments.processes);
    const Together together = JoinProcesses(arguments.processes, {argv, argv + argc});
    return RunTraining(options, *together.group, arguments.json);
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
