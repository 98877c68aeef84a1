#include "unmask/train_cli/media_inputs.h"

#include <CLI/CLI.hpp>
#include <algorithm>
#include <map>
#include <optional>
#include <set>
#include <system_error>
#include <tuple>
#include <utility>

#include "unmask/base/child_process.h"
#include "unmask/base/error.h"
#include "unmask/base/log.h"
#include "unmask/base/paths.h"
#include "unmask/base/text.h"
#include "unmask/console/output.h"
#include "unmask/console/signals.h"
#include "unmask/data/crop_store.h"
#include "unmask/data/people.h"
#include "unmask/forge/forgery_mix.h"
#include "unmask/train/branches.h"
#include "unmask/train/process_place.h"
#include "unmask/train/trainer.h"
#include "unmask/train_cli/config_file.h"

namespace unmask {
namespace {

namespace fs = std::filesystem;
using Stores = std::vector<std::shared_ptr<const CropStore>>;

// Below these a run is measured on a handful of faces, and says so.
constexpr size_t kFewPeople = 20;
constexpr int64_t kFewFaces = 300;

struct RealFaces {
  std::set<std::string> people;
  int64_t faces = 0;
};

std::map<std::string, RealFaces> RealFacesBySplit(const Stores& stores) {
  std::map<std::string, RealFaces> splits;
  for (const auto& store : stores) {
    for (const CropRecord& record : store->records) {
      if (record.label != 0) continue;
      RealFaces& split = splits[record.split];
      split.people.insert(record.identity);
      ++split.faces;
    }
  }
  return splits;
}

// File, person and, where it matters, split of each input.
using Plan = std::set<std::tuple<std::string, std::string, std::string>>;

Plan PlanOf(const std::vector<PrepareInput>& inputs, bool with_splits) {
  Plan plan;
  for (const PrepareInput& input : inputs) {
    plan.emplace(input.file.string(), input.identity, with_splits ? input.split : "");
  }
  return plan;
}

// Whether the store is finished and came of these inputs.
bool IsMadeOf(const CropStore& store, const std::vector<PrepareInput>& inputs) {
  Plan plan;
  for (const SourceFile& file : store.files) {
    plan.emplace(file.source, file.identity, file.split);
  }
  return plan == PlanOf(inputs, true);
}

// Nothing where the store is not finished.
std::optional<CropStore> FinishedStore(const fs::path& store) {
  try {
    return OpenCropStore(store);
  } catch (const Error&) {
    return std::nullopt;
  }
}

// The faces of a run's own media: clips.csv and the store `faces` in its folder.
class MediaFaces {
 public:
  MediaFaces(const TrainOptions& options, std::vector<fs::path> media,
             const std::vector<fs::path>& stores, bool quiet)
      : run_(options.output), media_(std::move(media)) {
    if (!stores.empty()) stores_ = OpenCropStores(stores);
    for (const auto& each : stores_) {
      for (const CropRecord& record : each->records) known_[record.identity] = record.split;
    }
    if (quiet) settings_.emplace_back("--quiet");
    if (options.threads > 0) {
      settings_.insert(settings_.end(), {"--threads", std::to_string(options.threads)});
    }
    if (stores_.empty()) return;  // else they must have crops of the same kind
    const CropStoreInfo& info = stores_[0]->info;
    settings_.insert(settings_.end(), {"--crop-size", std::to_string(info.crop_size),
                                       "--crop-scale", FormatFixed(info.crop_scale, 4)});
  }

  fs::path store() const { return run_ / "faces"; }

  void Make() {
    std::vector<PrepareInput> inputs = Planned();
    std::error_code error;
    fs::create_directories(run_, error);
    try {
      // A stop may have come between a new plan and its faces.
      const std::optional<CropStore> before = FinishedStore(store());
      const bool outdated = before && !IsMadeOf(*before, inputs);
      Prepare(inputs, outdated ? Arguments{"--overwrite"} : Arguments{});
    } catch (const Error&) {
      // Without faces there is nothing to go on with.
      if (!fs::exists(store(), error)) {
        fs::remove(manifest(), error);
        fs::remove(run_, error);  // only if it is empty
      }
      throw;
    }
    if (HoldsOut()) return;
    Replan(inputs);
    Prepare(inputs, {"--overwrite"});
  }

 private:
  using Arguments = std::vector<std::string>;  // of `unmask prepare`

  fs::path manifest() const { return run_ / "clips.csv"; }

  // What was planned before stands.
  std::vector<PrepareInput> Planned() const {
    std::vector<PrepareInput> inputs = ListRealMedia(media_);
    std::error_code error;
    if (!fs::exists(manifest(), error)) {
      SplitPeople(inputs, known_);
      return inputs;
    }
    std::vector<PrepareInput> before = ReadManifest(manifest());
    if (PlanOf(before, false) != PlanOf(inputs, false)) {
      throw Error(manifest().string() + ": the run was begun with other clips",
                  "Choose another folder with --out, or remove this one");
    }
    for (const PrepareInput& input : before) {
      const auto known = known_.find(input.identity);
      if (known == known_.end() || known->second == input.split) continue;
      throw Error(manifest().string() + ": has " + input.identity + " in the split " + input.split +
                      ", a store that was not there when the run began in " + known->second,
                  "Choose another folder with --out, or give the stores of before");
    }
    return before;
  }

  // Whether there are faces to train on and others held out.
  bool HoldsOut() const {
    Stores all = stores_;
    all.push_back(std::make_shared<CropStore>(OpenCropStore(store())));
    const std::map<std::string, RealFaces> splits = RealFacesBySplit(all);
    return splits.contains("train") && splits.contains("val");
  }

  // Divides anew those whose faces were found.
  void Replan(std::vector<PrepareInput>& inputs) const {
    std::set<std::string> found;
    for (const CropRecord& record : OpenCropStore(store()).records) found.insert(record.identity);
    const auto others = std::stable_partition(
        inputs.begin(), inputs.end(), [&](const auto& i) { return found.contains(i.identity); });
    std::vector<PrepareInput> shown(inputs.begin(), others);
    SplitPeople(shown, known_);
    std::copy(shown.begin(), shown.end(), inputs.begin());
    for (auto i = others; i != inputs.end(); ++i) {
      i->split = known_.contains(i->identity) ? known_.at(i->identity) : "train";
    }
  }

  void Prepare(const std::vector<PrepareInput>& inputs, const Arguments& more) {
    WriteManifest(manifest(), inputs);
    Arguments arguments = {ProgramBesideThis("unmask").string(),
                           "prepare",
                           "--manifest",
                           manifest().string(),
                           "--out",
                           store().string()};
    arguments.insert(arguments.end(), settings_.begin(), settings_.end());
    arguments.insert(arguments.end(), more.begin(), more.end());
    ChildProcess process(arguments);
    bool interrupted = false;
    while (!process.WaitFor(100)) {
      if (GlobalCancelToken().cancelled() && !std::exchange(interrupted, true)) process.Interrupt();
    }
    if (interrupted) throw Cancelled();
    if (process.Succeeded()) return;
    const std::optional<CropStore> made = FinishedStore(store());
    if (!made || !IsMadeOf(*made, inputs)) {
      throw Error("the faces could not be prepared: `unmask prepare` " + process.HowItEnded(),
                  "What it said above names the cause");
    }
  }

  const fs::path run_;
  const std::vector<fs::path> media_;
  Stores stores_;                             // that were given beside the media
  std::map<std::string, std::string> known_;  // splits of their people
  Arguments settings_;                        // that are always given
};

std::string TextOf(const RealFaces& split) {
  return CountOf(static_cast<size_t>(split.faces), "face") + " of " +
         (split.people.size() == 1 ? "1 person" : std::to_string(split.people.size()) + " people");
}

void Report(std::map<std::string, RealFaces>& splits) {
  std::string text = "real faces: " + TextOf(splits["train"]) + " to train on, " +
                     TextOf(splits["val"]) + " held out";
  if (splits["test"].faces > 0) text += ", " + TextOf(splits["test"]) + " left for a test";
  PrintNote(text);
  if (splits["train"].people.size() >= kFewPeople && splits["train"].faces >= kFewFaces) return;
  Log(LogLevel::kWarning,
      "that is little: the model may learn these people instead of traces of manipulation, and a "
      "few held-out faces measure it roughly. Twenty people and more are better; compare it with "
      "the default model before you rely on it (unmask evaluate)");
}

void LeaveOutOtherFaces(CLI::App& app, const TrainOptions& options) {
  const ForgeryMix mix(options.forgery);
  const std::string rest = mix.WithoutOtherFaces();
  if (!mix.needs_other_face() || rest.empty()) return;
  SetOption(app, "--forgery", {rest});
  PrintNote(
      "forgeries that need two people to train on and two held out are left out; the mix is " +
      rest);
}

}  // namespace

void PrepareMediaInputs(CLI::App& app, TrainArguments& arguments, bool keep_forgery) {
  const TrainOptions& options = arguments.options;
  std::vector<fs::path> media, stores;
  for (const fs::path& path : options.stores) (IsMedia(path) ? media : stores).push_back(path);
  if (media.empty()) return;
  const TrainOptions resolved = ResolveArguments(arguments);
  resolved.Validate();  // before time is spent
  CheckGeneral(resolved);
  if (options.forgery == "none") {
    throw UsageError("clips are taken for real ones, and --forgery none makes no fakes of them",
                     "Leave it out, or prepare clips with labels (unmask prepare)");
  }
  const std::optional<ProcessPlace> place = PlaceFromEnvironment();
  const bool together = place && place->size > 1;
  if (!together && !options.resume) RequireFreeOutput(options);
  MediaFaces faces(options, media, stores, app.count("--quiet") > 0);
  std::error_code error;
  if (!together) {
    faces.Make();
  } else if (!fs::exists(faces.store(), error)) {
    throw UsageError("processes that train together cannot prepare clips",
                     "Prepare them first: unmask prepare CLIPS --label real --out STORE");
  }
  stores.push_back(faces.store());
  std::vector<std::string> names;
  for (const fs::path& path : stores) names.push_back(path.string());
  SetOption(app, "STORES", names);
  std::map<std::string, RealFaces> splits = RealFacesBySplit(OpenCropStores(stores));
  Report(splits);
  const bool alone = splits["train"].people.size() < 2 || splits["val"].people.size() < 2;
  if (alone && !keep_forgery) LeaveOutOtherFaces(app, options);
}

}  // namespace unmask
