#include <CLI/CLI.hpp>
#include <filesystem>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>

#include "unmask/base/error.h"
#include "unmask/base/text.h"
#include "unmask/cli/commands.h"
#include "unmask/cli/forge_dataset_command.h"
#include "unmask/console/options.h"
#include "unmask/console/output.h"
#include "unmask/console/signals.h"
#include "unmask/forge/forge_clip.h"
#include "unmask/forge/registry.h"

namespace unmask {
namespace {

namespace fs = std::filesystem;

struct Arguments {
  fs::path input;
  fs::path output;
  bool json = false;
  ForgeClipOptions options;
};

std::string ForgeryHelp() {
  std::string text = "how faces are manipulated:";
  for (const Forgery& forgery : Forgeries()) {
    if (forgery.needs_other_face) continue;  // a clip has none to offer
    text += "\n" + std::string(forgery.name) + " (" + std::string(forgery.summary) + ")";
  }
  return text;
}

int Run(const Arguments& arguments) {
  if (arguments.input.empty() || arguments.output.empty()) {
    throw UsageError("INPUT and OUTPUT are required",
                     "Give two files, or `forge dataset` to make a benchmark");
  }
  const auto progress = MakeProgress("forge", "s");
  const ForgeClipResult result =
      ForgeClip(arguments.input, arguments.output, arguments.options, &GlobalCancelToken(),
                [&](double done, double total) {
                  progress->Update(static_cast<int64_t>(done), static_cast<int64_t>(total), "");
                });
  progress->Finish();
  if (arguments.json) {
    PrintJson({{"file", arguments.output.string()},
               {"forgery", arguments.options.forgery},
               {"seed", arguments.options.seed},
               {"frames", result.frames},
               {"forged_frames", result.forged_frames},
               {"forged_faces", result.forged_faces}});
  } else {
    Print(arguments.output.string() + ": " + std::to_string(result.forged_faces) +
          " faces forged in " + std::to_string(result.forged_frames) + " of " +
          std::to_string(result.frames) + " frames\n");
  }
  return 0;
}

}  // namespace

std::function<int()> ConfigureForge(CLI::App& app) {
  const auto a = std::make_shared<Arguments>();
  ForgeClipOptions& options = a->options;
  app.add_option("INPUT", a->input, "a video or picture with faces");
  app.add_option("OUTPUT", a->output, "the copy to write: .mp4, .mkv, .jpg, .png …");
  app.add_option("--forgery", options.forgery, ForgeryHelp())->capture_default_str();
  AddSeedOption(app, options.seed, "the same seed forges in the same way");
  app.add_option("--crf", options.crf, "quality of a written video: 0 (lossless) … 51")
      ->capture_default_str()
      ->check(CLI::Range(0, 51).description(""));
  app.add_option("--quality", options.quality, "of a written JPEG or WebP picture: 1 … 100")
      ->capture_default_str()
      ->check(CLI::Range(1, 100).description(""));
  AddThreadsOption(app, options.threads);
  AddJsonOption(app, a->json);
  app.footer(
      "Examples:\n"
      "  unmask forge interview.mp4 interview-forged.mp4\n"
      "  unmask forge dataset interviews/ --out benchmark\n\n"
      "Every face is changed, each person in one way throughout; the rest of the\n"
      "picture, the sound and the timing stay. For tests and training; do not pass\n"
      "the result off as real.");
  CLI::App* dataset = app.add_subcommand(
      "dataset", "make a benchmark in the layout of FaceForensics++ from real clips");
  const std::function<int()> run_dataset = ConfigureForgeDataset(*dataset);
  return [a, dataset, run_dataset] { return dataset->parsed() ? run_dataset() : Run(*a); };
}

}  // namespace unmask
