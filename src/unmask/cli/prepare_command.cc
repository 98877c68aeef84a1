#include <CLI/CLI.hpp>
#include <filesystem>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "unmask/base/error.h"
#include "unmask/base/text.h"
#include "unmask/cli/commands.h"
#include "unmask/cli/prepare_inputs.h"
#include "unmask/console/options.h"
#include "unmask/console/output.h"
#include "unmask/console/signals.h"
#include "unmask/data/layouts/registry.h"
#include "unmask/data/prepare.h"

namespace unmask {
namespace {

namespace fs = std::filesystem;

struct Arguments {
  PrepareSource source;
  fs::path out;
  bool list = false;
  bool json = false;
  PrepareOptions options;
};

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

int PrintSelection(const PrepareSelection& selection, bool json) {
  if (json) {
    PrintJson(SelectionToJson(selection));
  } else {
    Print(SelectionToText(selection));
  }
  return 0;
}

int Run(Arguments arguments) {
  if (arguments.out.empty() && !arguments.list) {
    throw UsageError("--out is required", "Give the new folder for the crops, or --list");
  }
  arguments.source.dataset.pictures_per_sequence = arguments.options.faces_per_track;
  const PrepareSelection selection = SelectInputs(arguments.source);
  if (arguments.source.layout.empty() && !selection.layout.empty()) {
    PrintNote("recognised the layout '" + selection.layout + "'");
  }
  for (const std::string& note : selection.listing.notes) PrintNote(note);
  if (arguments.list) return PrintSelection(selection, arguments.json);
  const std::vector<PrepareInput>& inputs = selection.listing.inputs;
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

void AddDatasetOptions(CLI::App& app, PrepareSource& source) {
  std::vector<std::string> names;
  for (const Layout& layout : Layouts()) names.emplace_back(layout.name);
  LayoutOptions& dataset = source.dataset;
  app.add_option("--layout", source.layout,
                 "how the data set lies in its folder: " + Join(names, ", ") +
                     "; recognised where exactly one fits");
  app.add_option("--quality", dataset.quality, "compression, of ffpp: raw, c23 or c40")
      ->check(CLI::IsMember({"raw", "c23", "c40"}));
  app.add_option("--classes", dataset.classes, "take these only, such as real,Deepfakes")
      ->delimiter(',')
      ->allow_extra_args(false);
  app.add_option("--splits", dataset.splits, "folder with the data set's lists of splits");
  app.add_option("--split", dataset.split, "put every file into train, val or test")
      ->check(CLI::IsMember({"train", "val", "test"}));
  app.add_flag("--own-split", dataset.own_split,
               "of celeb-df, split by people instead of by its list");
}

}  // namespace

std::function<int()> ConfigurePrepare(CLI::App& app) {
  const auto a = std::make_shared<Arguments>();
  PrepareOptions& options = a->options;
  PrepareSource& source = a->source;
  app.add_option("FILES", source.files,
                 "videos, pictures, and folders of them; or the folder of a data set alone");
  app.add_option(
      "--manifest", source.manifest,
      "table of files, columns named in its first line and separated by tabs (in .csv by "
      "commas): file, and any of label (real, fake), class, identity, split (train, val, "
      "test), quality, faces");
  app.add_option("-o,--out", a->out, "new folder for the crops and their description");
  app.add_option("--label", source.label, "what FILES are: real or fake")
      ->check(CLI::IsMember({"real", "fake"}));
  AddDatasetOptions(app, source);
  app.add_flag("--list", a->list, "print what would be prepared, and prepare nothing");
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
      "Examples:\n"
      "  unmask prepare interviews/ portrait.jpg --label real --out faces\n"
      "  unmask prepare FaceForensics++ --quality c23 --list\n\n"
      "A file that cannot be read is reported, the others go on, and the exit code\n"
      "is 1.");
  return [a] { return Run(*a); };
}

}  // namespace unmask
