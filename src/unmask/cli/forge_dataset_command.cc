#include "unmask/cli/forge_dataset_command.h"

#include <CLI/CLI.hpp>
#include <filesystem>
#include <map>
#include <memory>
#include <nlohmann/json.hpp>
#include <set>
#include <string>
#include <vector>

#include "unmask/base/atomic_file.h"
#include "unmask/base/error.h"
#include "unmask/base/text.h"
#include "unmask/console/options.h"
#include "unmask/console/output.h"
#include "unmask/console/signals.h"
#include "unmask/data/manifest.h"
#include "unmask/data/people.h"
#include "unmask/forge/clip_forgeries.h"
#include "unmask/forge/dataset_sheet.h"
#include "unmask/forge/forge_dataset.h"
#include "unmask/media/picture.h"

namespace unmask {
namespace {

namespace fs = std::filesystem;

struct Arguments {
  std::vector<fs::path> sources;
  fs::path out;
  fs::path sheet;
  bool list = false;
  bool json = false;
  ForgeDatasetOptions options;
};

std::string FamilyHelp() {
  std::string text = "kinds of manipulation, all unless given:";
  for (const ClipForgery& forgery : ClipForgeries()) {
    text += "\n" + std::string(forgery.class_name) + " (" + std::string(forgery.summary) + ")";
  }
  return text;
}

bool IsTable(const fs::path& path) {
  return path.extension() == ".tsv" || path.extension() == ".csv";
}

bool LiesIn(const fs::path& file, const fs::path& folder) {
  if (folder.empty()) return false;
  const fs::path relative =
      fs::weakly_canonical(file).lexically_relative(fs::weakly_canonical(folder));
  return !relative.empty() && *relative.begin() != "..";
}

[[noreturn]] void ThrowTwice(const fs::path& file) {
  throw UsageError(file.string() + ": is given twice", "Give each clip once");
}

std::vector<PrepareInput> RealMedia(const std::vector<fs::path>& paths) {
  try {
    return ListRealMedia(paths);
  } catch (const Error& e) {
    throw Error(e.problem(), "Give real clips, folders of them, or a table that names them");
  }
}

// Real clips, and of folders only those: neither pictures nor what an earlier run made in `out`.
std::vector<DatasetSource> SourcesOf(const std::vector<fs::path>& given, const fs::path& out) {
  std::vector<DatasetSource> sources;
  std::vector<fs::path> media;
  for (const fs::path& path : given) {
    if (!IsTable(path)) {
      media.push_back(path);
      continue;
    }
    for (PrepareInput& input : ReadManifest(path)) {
      if (input.label == 1) {
        throw Error(path.string() + ": says that " + input.file.string() + " is fake",
                    "Give real clips only");
      }
      if (input.identity.empty()) input.identity = input.file.filename().string();
      sources.push_back({input.file, input.identity, input.split});
    }
  }
  std::set<fs::path> named;
  for (const fs::path& path : media) {
    if (!named.insert(fs::weakly_canonical(path)).second) ThrowTwice(path);
  }
  for (const PrepareInput& input : RealMedia(media)) {
    const bool of_folder = !named.contains(fs::weakly_canonical(input.file));
    if (of_folder && (IsPicturePath(input.file) || LiesIn(input.file, out))) continue;
    sources.push_back({input.file, input.identity, ""});
  }
  std::map<fs::path, int> seen;
  for (const DatasetSource& source : sources) {
    std::error_code error;
    if (!fs::exists(source.file, error)) {
      throw Error(source.file.string() + ": does not exist", "Check the path");
    }
    if (++seen[fs::weakly_canonical(source.file, error)] > 1) {
      ThrowTwice(source.file);
    }
  }
  return sources;
}

std::string CountsOf(const DatasetPlan& plan) {
  std::vector<std::string> parts;
  for (const char* split : kDatasetSplits) {
    parts.push_back(std::string(split) + " " + std::to_string(plan.PairsOf(split).size()));
  }
  return CountOf(plan.clips.size(), "clip") + " in pairs: " + Join(parts, ", ");
}

void PrintPlan(const DatasetPlan& plan) {
  std::string text;
  for (const PlannedClip& clip : plan.clips) {
    text += clip.id + "  with " + clip.partner + "  " + clip.split + "\t" +
            Printable(clip.identity) + "\t" + Printable(clip.file.string()) + "\n";
  }
  Print(text + CountsOf(plan) + "\n");
}

void NoteLeftOut(const DatasetPlan& plan) {
  for (const LeftOut& clip : plan.left_out) {
    PrintNote("left out: " + Printable(clip.file.string()) + ": " + clip.why);
  }
  for (const char* split : kDatasetSplits) {
    if (plan.PairsOf(split).empty()) {
      PrintNote(std::string("too few people: the split ") + split + " is empty");
    }
  }
}

// Which stage is under way, each with a line of its own.
class StageProgress {
 public:
  void Update(const std::string& stage, int64_t done, int64_t total) {
    if (stage != stage_) {
      Finish();
      stage_ = stage;
      progress_ = MakeProgress(stage == "look" ? "looking for faces" : "forging",
                               stage == "look" ? "clips" : "videos");
      if (stage == "forge" && done > 0 && done < total) {
        PrintNote("going on: " + std::to_string(done) + " of " + std::to_string(total) +
                  " videos were made before");
      }
    }
    progress_->Update(done, total, "");
  }
  void Finish() {
    if (progress_) progress_->Finish();
  }

 private:
  std::string stage_;
  std::unique_ptr<Progress> progress_;
};

int Run(const Arguments& a) {
  if (a.sources.empty()) throw UsageError("nothing to forge", "Give clips, folders or a table");
  if (a.out.empty() && !a.list) {
    throw UsageError("--out is required", "Name the folder that is to be made, or give --list");
  }
  if (!a.sheet.empty() && !IsPicturePath(a.sheet)) {
    throw UsageError(a.sheet.string() + ": is not the name of a picture",
                     "Give --sheet a name that ends in .jpg or .png");
  }
  const std::vector<DatasetSource> sources = SourcesOf(a.sources, a.out);
  std::vector<fs::path> files;
  for (const DatasetSource& source : sources) files.push_back(source.file);
  if (!a.sheet.empty()) {
    RefuseToOverwrite(a.sheet, files);
    const AtomicFile can_be_written(a.sheet);  // said before hours of work, not after
  }
  StageProgress progress;
  const auto update = [&](const std::string& stage, int64_t done, int64_t total) {
    progress.Update(stage, done, total);
  };
  if (a.list) {
    const DatasetPlan plan = ScanClips(sources, a.options, &GlobalCancelToken(), update);
    progress.Finish();
    NoteLeftOut(plan);
    a.json ? PrintJson(ToJson(plan)) : PrintPlan(plan);
    return 0;
  }
  const ForgeDatasetResult result =
      ForgeDataset(sources, a.out, a.options, &GlobalCancelToken(), update);
  progress.Finish();
  NoteLeftOut(result.plan);
  for (const LeftOut& clip : result.failed) PrintError(Error(clip.file.string() + ": " + clip.why));
  if (!a.sheet.empty() && result.failed.empty()) {
    WriteDatasetSheet(a.out, a.options, result.plan, a.sheet);
  }
  if (a.json) {
    Json json = ToJson(result.plan);
    json["folder"] = a.out.string();
    json["videos"] = result.files;
    json["new_videos"] = result.new_files;
    json["failed"] = Json::array();
    for (const LeftOut& clip : result.failed) {
      json["failed"].push_back({{"file", clip.file.string()}, {"why", clip.why}});
    }
    PrintJson(json);
  } else {
    Print(a.out.string() + ": " + std::to_string(result.files) + " videos, " +
          std::to_string(result.new_files) + " of them new; " + CountsOf(result.plan) + "\n");
  }
  return result.failed.empty() ? 0 : 1;
}

}  // namespace

std::function<int()> ConfigureForgeDataset(CLI::App& app) {
  const auto a = std::make_shared<Arguments>();
  ForgeDatasetOptions& options = a->options;
  app.add_option("SOURCE", a->sources,
                 "real clips, folders of them, or a table (.tsv or .csv) with the columns file "
                 "and, where known, identity and split. Every folder in a folder is a person, "
                 "other files are a person each, and those of one name are one person")
      ->type_name("SOURCE ...");
  app.add_option("-o,--out", a->out, "folder to make, in the layout of FaceForensics++");
  app.add_option("--families", options.families, FamilyHelp())
      ->delimiter(',')
      ->allow_extra_args(false);
  app.add_option("--qualities", options.qualities,
                 "compressions to write: raw (lossless), c23 and c40 (x264 with that CRF)")
      ->delimiter(',')
      ->allow_extra_args(false)
      ->capture_default_str();
  app.add_option("--seconds", options.cut.seconds,
                 "of each clip at most so many from its start; 0: all")
      ->capture_default_str();
  app.add_option("--max-height", options.cut.max_height,
                 "higher clips are scaled down to so many pixels; 0: none")
      ->capture_default_str();
  AddSeedOption(app, options.seed, "of the splits and the forgeries");
  app.add_option("--jobs", options.jobs, "pairs that are forged side by side; 0: one per core")
      ->capture_default_str();
  app.add_option("--sheet", a->sheet, "picture to write: the first pair, real and forged");
  app.add_flag("--list", a->list, "print which clips would be paired in which split, make nothing");
  AddJsonOption(app, a->json);
  AddVerbosityOptions(app);
  app.footer(
      "Examples:\n"
      "  unmask forge dataset interviews/ --out benchmark\n"
      "  unmask forge dataset clips.tsv --out benchmark --seconds 4 --max-height 480\n"
      "  unmask forge dataset clips.tsv --list\n"
      "  unmask prepare benchmark --layout ffpp --quality c23 --out faces\n\n"
      "Makes a small benchmark out of real clips: each is paired with a clip of another\n"
      "person of the same split, and both are forged into each other in four ways that\n"
      "stand for the classes of FaceForensics++, without being its methods. Stopped or\n"
      "killed at any moment, the same command goes on where it stopped.");
  return [a] { return Run(*a); };
}

}  // namespace unmask
