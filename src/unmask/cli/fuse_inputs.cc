#include "unmask/cli/fuse_inputs.h"

#include <algorithm>
#include <charconv>
#include <map>
#include <memory>
#include <utility>

#include "unmask/base/error.h"
#include "unmask/cli/store_inputs.h"
#include "unmask/console/output.h"
#include "unmask/detect/crop_reader.h"
#include "unmask/model/model_file.h"

namespace unmask {
namespace {

namespace fs = std::filesystem;

const std::string kNothingChosen =
    "no greedy set, and the best model is chosen on what is reported: ";

// Throws UsageError where two files are one model, whatever their names.
void RefuseTwins(const std::vector<fs::path>& models) {
  std::map<std::string, fs::path> known;
  for (const fs::path& model : models) {
    const auto [twin, is_new] = known.emplace(DescribeModel(model).sha256, model);
    if (is_new) continue;
    throw UsageError(model == twin->second
                         ? model.string() + ": this model is given twice"
                         : twin->second.string() + " and " + model.string() + " are the same model",
                     "A fusion of a model with itself is that model; give every model once");
  }
}

// Which of the two labels the files have.
struct LabelsThere {
  bool real = false;
  bool fake = false;
};

LabelsThere LabelsOf(const CropStores& stores, const StoreSelection& selection) {
  LabelsThere there;
  for (const auto& store : stores) {
    for (const ScoredFile& file : SelectFiles(*store, selection)) {
      (file.label == 1 ? there.fake : there.real) = true;
    }
  }
  return there;
}

std::vector<std::unique_ptr<Classifier>> Load(const FuseArguments& arguments,
                                              const DetectorOptions& options,
                                              const std::vector<const CropStores*>& stores) {
  const std::vector<fs::path> sidecars = SidecarsOf(arguments);
  std::vector<std::unique_ptr<Classifier>> classifiers;
  for (size_t m = 0; m < arguments.models.size(); ++m) {
    classifiers.push_back(std::make_unique<Classifier>(
        arguments.models[m], ClassifierOptions{.sidecar = sidecars[m],
                                               .batch = 16,
                                               .threads = options.threads,
                                               .precision = options.precision}));
    for (const CropStores* some : stores) {
      for (const auto& store : *some) CheckCrops(*store, *classifiers.back());
    }
  }
  return classifiers;
}

// The stores to choose on; none, with a note, where that cannot be done.
CropStores ValidationStores(const FuseArguments& arguments, const CropStores& stores,
                            const StoreSelection& selection) {
  if (arguments.no_greedy) return {};
  if (arguments.split == "val" || arguments.split == "all") {
    PrintNote(kNothingChosen + "they would be chosen on the split val and cannot be judged on it");
    return {};
  }
  CropStores chosen;
  for (const auto& store : stores) {
    const bool any = std::any_of(store->files.begin(), store->files.end(), [&](const auto& file) {
      return file.label >= 0 && file.split == selection.split;
    });
    if (any) chosen.push_back(store);
  }
  if (!chosen.empty()) {
    try {
      chosen = StoresWith(chosen, selection);
    } catch (const Error&) {
      chosen.clear();  // the classes or the quality are not there
    }
  }
  const LabelsThere there = LabelsOf(chosen, selection);
  if (there.real && there.fake) return chosen;
  PrintNote(kNothingChosen + "the stores have no real and fake files of the split val");
  return {};
}

bool HasBothClasses(const std::vector<ScoredFile>& files) {
  LabelsThere there;
  for (const ScoredFile& file : files) {
    if (file.has_score()) (file.label == 1 ? there.fake : there.real) = true;
  }
  return there.real && there.fake;
}

}  // namespace

std::vector<fs::path> SidecarsOf(const FuseArguments& arguments) {
  std::vector<fs::path> sidecars(arguments.models.size());
  for (const std::string& info : arguments.model_info) {
    const size_t equals = info.find('=');
    size_t number = 0;
    const auto parsed =
        std::from_chars(info.data(), info.data() + std::min(equals, info.size()), number);
    if (equals == std::string::npos || parsed.ptr != info.data() + equals || number < 1 ||
        number > sidecars.size() || equals + 1 == info.size()) {
      throw UsageError("--model-info takes NUMBER=FILE, not " + info,
                       "The first model has the number 1: --model-info 1=model.json");
    }
    sidecars[number - 1] = info.substr(equals + 1);
  }
  return sidecars;
}

FuseInputs ScoreForFusion(const FuseArguments& arguments) {
  const DetectorOptions options = arguments.judging.Resolve();
  RefuseTwins(arguments.models);
  const CropStores stores = OpenCropStores(arguments.stores);
  CheckClasses(arguments.classes, LabelledFiles(stores));
  StoreSelection selection{.split = arguments.split == "all" ? "" : arguments.split,
                           .classes = arguments.classes,
                           .quality = arguments.quality};
  const CropStores chosen = StoresWith(stores, selection);
  const LabelsThere there = LabelsOf(chosen, selection);
  if (!there.real || !there.fake) {
    throw Error("the stores hold no " + std::string(there.real ? "fake" : "real") +
                    " file of what is asked for: models cannot be compared",
                "See --split, --classes and --quality, or give more stores");
  }
  StoreSelection validation = selection;
  validation.split = "val";
  const CropStores chosen_validation = ValidationStores(arguments, stores, validation);
  const auto classifiers = Load(arguments, options, {&chosen, &chosen_validation});

  FuseInputs inputs;
  for (size_t m = 0; m < classifiers.size(); ++m) {
    Classifier& classifier = *classifiers[m];
    const ModelMetadata& metadata = classifier.metadata();
    const double threshold = options.threshold < 0 ? metadata.threshold : options.threshold;
    inputs.models.push_back({.path = arguments.models[m],
                             .name = metadata.name,
                             .sha256 = classifier.sha256(),
                             .temperature = metadata.temperature,
                             .threshold = threshold});
    const std::string label =
        "model " + std::to_string(m + 1) + " of " + std::to_string(classifiers.size());
    const auto score = [&](const CropStores& where, const StoreSelection& what,
                           const std::string& how) {
      return ModelScores{.name = arguments.models[m].string(),
                         .files = ScoreFaces(classifier, where, what, options.threads, how),
                         .temperature = metadata.temperature,
                         .threshold = threshold};
    };
    inputs.scores.push_back(score(chosen, selection, label));
    if (chosen_validation.empty()) continue;
    inputs.validation.push_back(score(chosen_validation, validation, label + ", val"));
  }
  inputs.precision = classifiers[0]->precision();
  inputs.unlabelled = CountUnlabelled(stores, selection);
  for (const auto& store : stores) inputs.fingerprints.push_back(store->info.fingerprint);
  for (const ScoredFile& file : inputs.scores[0].files) inputs.without_score += !file.has_score();
  if (!inputs.validation.empty() && !HasBothClasses(inputs.validation[0].files)) {
    inputs.validation.clear();
    PrintNote(kNothingChosen + "real or fake files of the split val have no face");
  }
  return inputs;
}

}  // namespace unmask
