#include <CLI/CLI.hpp>
#include <filesystem>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "unmask/cli/commands.h"
#include "unmask/console/options.h"
#include "unmask/console/output.h"
#include "unmask/console/signals.h"
#include "unmask/data/prepare.h"
#include "unmask/media/picture.h"

namespace unmask {
namespace {

namespace fs = std::filesystem;

struct Arguments {
  std::vector<fs::path> files;
  fs::path manifest;
  fs::path out;
  std::string label;
  bool json = false;
  PrepareOptions options;
};

std::vector<PrepareInput> InputsOf(const Arguments& arguments) {
  std::vector<PrepareInput> inputs;
  if (!arguments.manifest.empty()) inputs = ReadManifest(arguments.manifest);
  if (arguments.files.empty()) {
    if (inputs.empty()) {
      throw UsageError("nothing to prepare", "Give files, folders or --manifest TABLE");
    }
    return inputs;
  }
  const int label = arguments.label == "fake" ? 1 : arguments.label == "real" ? 0 : -1;
  for (const fs::path& file : ExpandMedia(arguments.files)) {
    inputs.push_back({.file = file, .label = label});
  }
  return inputs;
}

Json ToJson(const PrepareResult& result, const fs::path& out) {
  Json json = {{"store", out.string()}, {"files", result.files},     {"tracks", result.tracks},
               {"faces", result.faces}, {"failures", Json::array()}, {"no_faces", Json::array()}};
  for (const PrepareFailure& failure : result.failures) {
    json["failures"].push_back(
        {{"file", failure.file.string()}, {"error", failure.cause}, {"remedy", failure.remedy}});
  }
  for (const fs::path& file : result.no_faces) json["no_faces"].push_back(file.string());
  return json;
}

std::string ToText(const PrepareResult& result, const fs::path& out) {
  return std::to_string(result.faces) + " faces in " + std::to_string(result.tracks) +
         " tracks of " + std::to_string(result.files) + " files written to " + out.string() +
         "\nno face found: " + std::to_string(result.no_faces.size()) +
         " files, failed: " + std::to_string(result.failures.size()) + " files\n";
}

int Run(const Arguments& arguments) {
  const std::vector<PrepareInput> inputs = InputsOf(arguments);
  const auto progress = MakeProgress("prepare", "files");
  const auto total = static_cast<int64_t>(inputs.size());
  const PrepareResult result =
      Prepare(inputs, arguments.out, arguments.options, &GlobalCancelToken(), [&](int64_t done) {
        progress->Update(done, total,
                         done < total ? inputs[done].file.filename().string() : std::string());
      });
  progress->Finish();
  for (const fs::path& file : result.no_faces) PrintNote("no face: " + file.string());
  for (const PrepareFailure& failure : result.failures) {
    PrintError(Error(failure.cause, failure.remedy));
  }
  if (arguments.json) {
    PrintJson(ToJson(result, arguments.out));
  } else {
    Print(ToText(result, arguments.out));
  }
  return result.failures.empty() ? 0 : 1;
}

}  // namespace

std::function<int()> ConfigurePrepare(CLI::App& app) {
  const auto a = std::make_shared<Arguments>();
  PrepareOptions& options = a->options;
  app.add_option("FILES", a->files, "videos, pictures, and folders of them");
  app.add_option("--manifest", a->manifest,
                 "table of files with tab-separated columns named in its first line: file, and any "
                 "of label (real, fake), identity, split (train, val, test), faces");
  app.add_option("-o,--out", a->out, "new folder for the crops and their description")->required();
  app.add_option("--label", a->label, "what FILES are: real or fake")
      ->check(CLI::IsMember({"real", "fake"}));
  app.add_option("--crop-size", options.crop_size, "side of a crop in pixels")
      ->capture_default_str();
  app.add_option("--crop-scale", options.crop_scale,
                 "width of a crop in relation to the face; 1 is the face alone")
      ->capture_default_str();
  app.add_option("--faces-per-track", options.faces_per_track,
                 "faces kept of each track, spread evenly; 0: all")
      ->capture_default_str();
  app.add_option("--detect-fps", options.detect_fps,
                 "frames a second in which faces are looked for; 0: every frame")
      ->capture_default_str();
  app.add_flag("--single-face", options.single_face,
               "of a picture, keep only the most prominent face");
  AddThreadsOption(app, options.threads);
  AddJsonOption(app, a->json);
  app.footer(
      "Example:\n"
      "  unmask prepare interviews/ portrait.jpg --label real --out faces\n\n"
      "A file that cannot be read is reported, the others go on, and the exit code\n"
      "is 1.");
  return [a] { return Run(*a); };
}

}  // namespace unmask
