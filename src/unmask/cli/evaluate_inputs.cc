#include "unmask/cli/evaluate_inputs.h"

#include <algorithm>
#include <set>
#include <utility>

#include "unmask/base/error.h"
#include "unmask/base/text.h"
#include "unmask/cli/store_inputs.h"
#include "unmask/console/output.h"
#include "unmask/console/signals.h"
#include "unmask/data/manifest.h"
#include "unmask/detect/recalibrate.h"

namespace unmask {
namespace {

namespace fs = std::filesystem;

bool Selected(const EvaluateArguments& arguments, const PrepareInput& input) {
  const std::vector<std::string>& classes = arguments.classes;
  const std::string kind = WithDefaults(input).class_name;
  return (arguments.split.empty() || arguments.split == "all" || input.split == arguments.split) &&
         (arguments.quality.empty() || input.quality == arguments.quality) &&
         (classes.empty() || std::find(classes.begin(), classes.end(), kind) != classes.end());
}

ScoredFile ToScoredFile(const PrepareInput& input, const Verdict& verdict) {
  ScoredFile file{.file = input.file.string(),
                  .identity = input.identity,
                  .split = input.split,
                  .class_name = input.class_name,
                  .quality = input.quality,
                  .label = input.label,
                  .tracks = {},
                  .failure = verdict.judgement == Judgement::kError ? verdict.error : "",
                  .doubtful = std::any_of(verdict.doubts.begin(), verdict.doubts.end(),
                                          [](Doubt d) { return d != Doubt::kUndecided; })};
  for (const TrackResult& track : verdict.tracks) {
    std::vector<FaceScore>& faces = file.tracks.emplace_back();
    for (const FaceResult& face : track.faces) faces.push_back({face.score, face.margin});
  }
  return file;
}

// The labelled files of the manifest that are asked for.
std::vector<PrepareInput> ManifestFiles(const EvaluateArguments& arguments) {
  std::vector<PrepareInput> inputs;
  std::vector<ScoredFile> labelled;
  std::set<fs::path> seen;
  for (PrepareInput& input : ReadManifest(arguments.manifest)) {
    if (input.label >= 0) labelled.push_back(ToScoredFile(input, {}));
    if (!Selected(arguments, input)) continue;
    if (!seen.insert(input.file).second) {
      throw Error(arguments.manifest.string() + ": lists " + input.file.string() + " twice",
                  "List each file once");
    }
    if (input.label < 0) {
      throw Error(arguments.manifest.string() + ": " + input.file.string() + " has no label",
                  "Fill the column label with real or fake");
    }
    inputs.push_back(std::move(input));
  }
  CheckClasses(arguments.classes, labelled);
  if (inputs.empty()) {
    throw Error(arguments.manifest.string() + ": lists no file of what is asked for",
                "See --split, --classes and --quality");
  }
  return inputs;
}

}  // namespace

ScoredInputs ScoreStores(const EvaluateArguments& arguments) {
  const DetectorOptions options = arguments.judging.Resolve();
  const CropStores stores = OpenCropStores(arguments.stores);
  CheckClasses(arguments.classes, LabelledFiles(stores));
  Classifier classifier(options.model, {.sidecar = options.model_sidecar,
                                        .batch = 16,
                                        .threads = options.threads,
                                        .precision = options.precision});
  ModelMetadata metadata = classifier.metadata();
  StoreSelection selection{.split = arguments.split.empty() ? "test" : arguments.split,
                           .classes = arguments.classes,
                           .quality = arguments.quality,
                           .forgeries = arguments.forgeries,
                           .face_size = arguments.face_size,
                           .crf = arguments.crf,
                           .seed = arguments.evaluation.seed};
  if (selection.split == "all") selection.split.clear();

  ScoredInputs scored;
  scored.settings.model_sha256 = classifier.sha256();
  if (!arguments.calibrated.empty()) {
    StoreSelection validation = selection;
    validation.split = "val";
    const Recalibration fit =
        Recalibrate(metadata, ScoreFaces(classifier, StoresWith(stores, validation), validation,
                                         options.threads, "calibrate"));
    CopyModel(options.model, arguments.calibrated, fit.metadata);
    PrintNote("temperature " + FormatFixed(fit.metadata.temperature, 3) + " fitted on " +
              std::to_string(fit.faces) + " faces of the split val: log loss " +
              FormatFixed(fit.log_loss_before, 4) + " → " + FormatFixed(fit.log_loss_after, 4) +
              "; written to " + arguments.calibrated.string());
    metadata = fit.metadata;
    scored.settings.model_sha256 = DescribeModel(arguments.calibrated).sha256;
  }
  scored.files =
      ScoreFaces(classifier, StoresWith(stores, selection), selection, options.threads, "evaluate");
  if (!arguments.calibrated.empty()) ApplyTemperature(metadata.temperature, scored.files);
  for (const auto& store : stores) scored.fingerprints.push_back(store->info.fingerprint);
  scored.unlabelled = CountUnlabelled(stores, selection);
  scored.temperature = metadata.temperature;
  scored.settings.model_name = metadata.name;
  scored.settings.precision = classifier.precision();
  scored.settings.aggregation = options.aggregation;
  scored.settings.vote_score = options.vote_score;
  scored.settings.threshold = options.threshold < 0 ? metadata.threshold : options.threshold;
  scored.real_below = metadata.limits.real_below;
  return scored;
}

ScoredInputs ScoreManifest(const EvaluateArguments& arguments) {
  const std::vector<PrepareInput> inputs = ManifestFiles(arguments);
  Detector detector(arguments.judging.Resolve());
  ScoredInputs scored;
  scored.settings = detector.settings();
  scored.temperature = detector.temperature();
  scored.real_below = detector.classifier().metadata().limits.real_below;
  const auto progress = MakeProgress("evaluate", "files");
  for (const PrepareInput& input : inputs) {
    progress->Update(static_cast<int64_t>(scored.files.size()), static_cast<int64_t>(inputs.size()),
                     input.file.filename().string());
    const Verdict verdict = detector.TryJudge(input.file, &GlobalCancelToken());
    if (verdict.judgement == Judgement::kError) PrintError(Error(verdict.error, verdict.remedy));
    scored.files.push_back(ToScoredFile(input, verdict));
  }
  progress->Finish();
  return scored;
}

std::vector<fs::path> InputsOf(const EvaluateArguments& arguments) {
  const DetectorOptions& options = arguments.judging.options;
  std::vector<fs::path> read = {options.model, options.model_sidecar, arguments.manifest};
  read.insert(read.end(), arguments.stores.begin(), arguments.stores.end());
  if (!arguments.manifest.empty()) {
    for (const PrepareInput& input : ReadManifest(arguments.manifest)) read.push_back(input.file);
  }
  return read;
}

}  // namespace unmask
