#include <CLI/CLI.hpp>
#include <filesystem>
#include <memory>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <system_error>
#include <vector>

#include "unmask/base/atomic_file.h"
#include "unmask/base/error.h"
#include "unmask/base/text.h"
#include "unmask/cli/commands.h"
#include "unmask/cli/prepare_inputs.h"
#include "unmask/cli/prepare_store.h"
#include "unmask/console/options.h"
#include "unmask/console/output.h"
#include "unmask/console/signals.h"
#include "unmask/data/layouts/registry.h"
#include "unmask/data/prepare.h"
#include "unmask/media/picture.h"

namespace unmask {
namespace {

namespace fs = std::filesystem;

struct Arguments {
  PrepareSource source;
  fs::path out;
  fs::path check;
  std::vector<fs::path> merge;
  fs::path sheet;
  std::string shard;
  bool list = false;
  bool json = false;
  PrepareOptions options;
};

int PrintSelection(const PrepareSelection& selection, bool json) {
  if (json) {
    PrintJson(SelectionToJson(selection));
  } else {
    Print(SelectionToText(selection));
  }
  return 0;
}

// How far an unfinished store is, for a person who stopped the work.
void PrintHowToGoOn(const Arguments& arguments, int64_t done, int64_t total) {
  std::error_code ignored;
  if (!fs::exists(arguments.out, ignored)) return;
  PrintNote(arguments.out.string() + " keeps what is done, " + std::to_string(done) + " of " +
            CountOf(static_cast<size_t>(total), "file") + ". The same command" +
            (arguments.options.overwrite ? ", without --overwrite," : "") + " goes on from there");
}

// The sheet must not take the place of anything else.
void RefuseSheet(const Arguments& arguments, const std::vector<PrepareInput>& inputs) {
  if (arguments.sheet.empty()) return;
  std::vector<fs::path> files = {arguments.out, arguments.source.manifest};
  for (const PrepareInput& input : inputs) files.push_back(input.file);
  RefuseToOverwrite(arguments.sheet, files);
  if (fs::absolute(arguments.sheet).lexically_normal() ==
      fs::absolute(arguments.out).lexically_normal()) {
    throw UsageError("--sheet and --out have the same name", "Give them different names");
  }
}

int PrepareStore(const Arguments& arguments, const std::vector<PrepareInput>& inputs) {
  RefuseSheet(arguments, inputs);
  const auto progress = MakeProgress("prepare", "files");
  int64_t before = -1;
  int64_t last = 0;
  int64_t all = 0;
  const auto update = [&](int64_t done, int64_t total, const std::string& name) {
    last = done;
    all = total;
    if (before >= 0) return progress->Update(done - before, total - before, name);
    before = done;
    if (done > 0 && done < total) {
      PrintNote("going on: " + std::to_string(done) + " of " + std::to_string(total) +
                " files were done before");
    }
  };
  PrepareResult result;
  try {
    result = Prepare(inputs, arguments.out, arguments.options, &GlobalCancelToken(), update);
  } catch (const Cancelled&) {
    progress->Finish();
    PrintHowToGoOn(arguments, last, all);
    throw;
  }
  progress->Finish();
  bool failed = false;
  for (const SourceFile& file : result.files) {
    if (!file.failure.empty()) {
      PrintError(Error(file.failure, file.remedy));
      failed = true;
    } else if (file.faces == 0) {
      PrintNote("no face: " + file.source);
    }
  }
  if (!arguments.sheet.empty() && result.faces() > 0) {
    WriteStoreSheet(arguments.out, arguments.sheet);
  }
  PrintPrepared(result, arguments.out, arguments.json);
  return failed ? 1 : 0;
}

// --check, --merge and --sheet of a store that is there. Nothing where files are to be prepared.
std::optional<int> RunOnStores(const Arguments& a) {
  const bool has_inputs = !a.source.files.empty() || !a.source.manifest.empty();
  if (!a.check.empty() || !a.merge.empty()) {
    if (has_inputs || (!a.check.empty() && (!a.merge.empty() || !a.out.empty()))) {
      throw UsageError("--check and --merge take stores, and nothing else is prepared then",
                       "Give `--check STORE`, or `--merge STORE STORE --out STORE`");
    }
  }
  if (!a.check.empty()) {
    const int code = RunStoreCheck(a.check, a.options.threads, a.json);
    if (code == 0 && !a.sheet.empty()) WriteStoreSheet(a.check, a.sheet);
    return code;
  }
  if (!a.merge.empty()) {
    if (a.out.empty()) throw UsageError("--out is required", "Name the new store");
    const int code = RunStoreMerge(a.merge, a.out, a.json);
    if (!a.sheet.empty()) WriteStoreSheet(a.out, a.sheet);
    return code;
  }
  if (!a.sheet.empty() && a.out.empty() && a.source.files.size() == 1) {
    WriteStoreSheet(a.source.files[0], a.sheet);
    if (a.json) PrintJson({{"store", a.source.files[0].string()}, {"sheet", a.sheet.string()}});
    return 0;
  }
  return std::nullopt;
}

int Run(Arguments arguments) {
  if (!arguments.sheet.empty() && !IsPicturePath(arguments.sheet)) {
    throw UsageError(arguments.sheet.string() + ": is not the name of a picture",
                     "Give --sheet a name that ends in .jpg or .png");
  }
  if (const std::optional<int> code = RunOnStores(arguments)) return *code;
  if (arguments.out.empty() && !arguments.list) {
    throw UsageError("--out is required", "Name the store that is to be made, or give --list");
  }
  if (!arguments.shard.empty()) {
    ParseShard(arguments.shard, arguments.options.shard, arguments.options.shards);
  }
  arguments.source.dataset.pictures_per_sequence = arguments.options.faces_per_track;
  const PrepareSelection selection = SelectInputs(arguments.source);
  if (arguments.source.layout.empty() && !selection.layout.empty()) {
    PrintNote("recognised the layout '" + selection.layout + "'");
  }
  for (const std::string& note : selection.listing.notes) PrintNote(note);
  if (arguments.list) return PrintSelection(selection, arguments.json);
  return PrepareStore(arguments, selection.listing.inputs);
}

void AddStoreOptions(CLI::App& app, Arguments& a) {
  app.add_flag("--overwrite", a.options.overwrite,
               "begin anew where the store is there; otherwise an unfinished one is gone on with");
  app.add_option("--jobs", a.options.jobs, "files that are looked at side by side; 0: one per core")
      ->capture_default_str();
  app.add_option("--shard", a.shard,
                 "i/n: take every n-th file only, from the i-th; for n machines, each with a store "
                 "of its own, see --merge");
  app.add_option("--merge", a.merge, "join these stores into the new one that --out names")
      ->type_name("STORE ...");
  app.add_option("--check", a.check, "read all of this store and name what is damaged")
      ->type_name("STORE");
  app.add_option("--sheet", a.sheet,
                 "picture to write, with faces of every class of the store that was made or "
                 "checked; or of the one store given as FILES");
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
  app.add_option("-o,--out", a->out,
                 "store to make, one file with the crops and all that is known of them");
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
                 "faces kept of each track, spread evenly; 0: all that are found")
      ->capture_default_str();
  app.add_option(
         "--detect-fps", options.detect_fps,
         "frames a second in which faces are looked for, of clips up to 3 s all; in longer ones "
         "down to 3.3 of them while next to nothing moves; 0: every frame")
      ->capture_default_str();
  app.add_flag("--single-face", options.single_face,
               "of a picture, keep only the most prominent face");
  AddThreadsOption(app, options.threads);
  AddJsonOption(app, a->json);
  AddStoreOptions(app, *a);
  app.footer(
      "Examples:\n"
      "  unmask prepare interviews/ portrait.jpg --label real --out faces\n"
      "  unmask prepare FaceForensics++ --quality c23 --list\n"
      "  unmask prepare FaceForensics++ --quality c23 --out faces --sheet faces.jpg\n"
      "  unmask prepare FaceForensics++ --shard 2/8 --out faces-2\n"
      "  unmask prepare --merge faces-1 faces-2 --out faces\n"
      "  unmask prepare --check faces\n\n"
      "Stopped or killed at any moment, the same command goes on where it stopped. A\n"
      "file that cannot be read is reported, the others go on, and the exit code is 1;\n"
      "the store holds what came of every file.");
  return [a] { return Run(*a); };
}

}  // namespace unmask
