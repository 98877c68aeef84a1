#include <CLI/CLI.hpp>
#include <filesystem>
#include <memory>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <vector>

#include "unmask/base/atomic_file.h"
#include "unmask/base/error.h"
#include "unmask/base/text.h"
#include "unmask/cli/commands.h"
#include "unmask/cli/evaluate_inputs.h"
#include "unmask/console/options.h"
#include "unmask/console/output.h"
#include "unmask/forge/forgery_mix.h"
#include "unmask/report/evaluation_plots.h"
#include "unmask/report/evaluation_report.h"

namespace unmask {
namespace {

namespace fs = std::filesystem;

constexpr const char* kSearchOptions[] = {"--every-frame", "--detect-fps", "--faces-per-track",
                                          "--small-faces"};
constexpr const char* kStoreOptions[] = {"--forge", "--face-size", "--crf"};

void CheckArguments(const CLI::App& app, const EvaluateArguments& a) {
  if (a.manifest.empty() && a.stores.empty()) {
    throw UsageError("nothing to evaluate on",
                     "Give the model and then stores of `unmask prepare`, or --manifest FILE");
  }
  if (!a.manifest.empty() && !a.stores.empty()) {
    throw UsageError("stores and --manifest do not go together", "Give one of them");
  }
  if (a.manifest.empty()) {
    for (const char* option : kSearchOptions) {
      if (app.count(option) == 0) continue;
      throw UsageError(std::string(option) + " goes with --manifest",
                       "The faces of a store are those that `unmask prepare` put there");
    }
  }
  if (!a.manifest.empty()) {
    for (const char* option : kStoreOptions) {
      if (app.count(option) == 0) continue;
      throw UsageError(std::string(option) + " goes with stores",
                       "`unmask robustness` forges, scales and compresses whole files");
    }
  }
  if (!a.calibrated.empty()) {
    if (a.stores.empty()) throw UsageError("--calibrate needs stores with a split val");
    if (!a.forgeries.empty() || a.face_size > 0 || a.crf >= 0) {
      throw UsageError("--calibrate is for the faces as they are",
                       "Leave out --forge, --face-size and --crf; `unmask train` calibrates on "
                       "forged faces");
    }
    if (a.split == "val" || a.split == "all") {
      throw UsageError("the temperature is fitted on the split val and cannot be judged on it",
                       "Evaluate --split test");
    }
  }
  a.evaluation.Validate();
}

// Before time is spent: outputs can be written and replace no input.
void CheckOutputs(const EvaluateArguments& a) {
  const std::vector<fs::path> inputs = InputsOf(a);
  for (const fs::path& output : {a.csv, a.calibrated}) {
    if (output.empty()) continue;
    RefuseToOverwrite(output, inputs);
    const AtomicFile writable(output);
  }
  if (!a.csv.empty() && fs::weakly_canonical(a.csv) == fs::weakly_canonical(a.calibrated)) {
    throw UsageError("--csv and --calibrate write to the same file", "Give different names");
  }
  if (a.plots.empty()) return;
  RequirePlots();
  if (fs::exists(a.plots) && !fs::is_directory(a.plots)) {
    throw Error(a.plots.string() + ": is a file", "Give --plots the name of a folder");
  }
}

Json Head(const EvaluateArguments& a, const ScoredInputs& scored) {
  Json json = {{"schema", "unmask/evaluate"}, {"version", 1}};
  json.update(ToJson(scored.settings));
  Json& options = json["options"];
  if (a.manifest.empty()) {
    for (const char* name :
         {"every_frame", "detect_fps", "thorough", "faces_per_track", "small_faces"}) {
      options.erase(name);
    }
  }
  options["temperature"] = scored.temperature;
  options["split"] = !a.split.empty() ? a.split : a.manifest.empty() ? "test" : "all";
  options["classes"] = a.classes;
  options["quality"] = a.quality;
  if (a.manifest.empty()) {
    options["forge"] = a.forgeries;
    // The networks that forgeries use: they decide how hard the copies are to find.
    options["forgery_means"] = MeansOf(a.forgeries);
    options["face_size"] = a.face_size == 0 ? Json() : Json(a.face_size);
    options["crf"] = a.crf < 0 ? Json() : Json(a.crf);
  }
  options["level"] = a.evaluation.level;
  options["resamples"] = a.evaluation.resamples;
  options["seed"] = a.evaluation.seed;
  json["sources"] = Json::array();
  for (size_t i = 0; i < a.stores.size(); ++i) {
    json["sources"].push_back(
        {{"file", a.stores[i].string()}, {"fingerprint", scored.fingerprints[i]}});
  }
  if (!a.manifest.empty()) json["sources"].push_back({{"file", a.manifest.string()}});
  json["unlabelled"] = scored.unlabelled;
  return json;
}

std::string HeadText(const EvaluateArguments& a, const ScoredInputs& scored) {
  std::vector<std::string> sources;
  for (const fs::path& store : a.stores) sources.push_back(Printable(store.string()));
  if (!a.manifest.empty()) sources.push_back(Printable(a.manifest.string()));
  const std::string split = !a.split.empty() ? a.split : a.manifest.empty() ? "test" : "all";
  std::string text = "Model " + Printable(scored.settings.model_name) + " (SHA-256 " +
                     scored.settings.model_sha256.substr(0, 12) + "…, temperature " +
                     FormatFixed(scored.temperature, 3) + ")\non " + Join(sources, ", ") +
                     (split == "all" ? ", all splits" : ", split " + split);
  if (!a.classes.empty()) text += ", " + Join(a.classes, " and ");
  if (!a.quality.empty()) text += ", " + a.quality;
  if (!a.forgeries.empty()) text += "; real faces forged by " + Join(a.forgeries, ", ");
  if (a.face_size > 0) {
    text += "; all faces scaled down to " + std::to_string(a.face_size) + " pixels";
  }
  if (a.crf >= 0) text += "; through x264 at CRF " + std::to_string(a.crf);
  text += "\n";
  if (scored.unlabelled > 0) {
    text += std::to_string(scored.unlabelled) + " files without a label are left out\n";
  }
  return text + "\n";
}

int RunEvaluate(const CLI::App& app, const EvaluateArguments& a) {
  CheckArguments(app, a);
  CheckOutputs(a);
  const ScoredInputs scored = a.manifest.empty() ? ScoreStores(a) : ScoreManifest(a);
  DatasetOptions options{.evaluation = a.evaluation,
                         .vote_score = scored.settings.vote_score,
                         .real_below = scored.real_below,
                         .temperature = scored.temperature};
  options.evaluation.threshold = scored.settings.threshold;
  const DatasetEvaluation evaluation = EvaluateDataset(scored.files, options);
  const Aggregation chosen = scored.settings.aggregation;
  std::optional<Answers> answers;
  if (!evaluation.levels.empty()) answers = MeasureAnswers(scored.files, chosen, options);
  if (!a.csv.empty()) WriteTextFile(a.csv, FilesCsv(scored.files, chosen, options));
  if (a.json) {
    Json json = Head(a, scored);
    json["options"]["file_threshold"] = FileThreshold(chosen, options);
    json.update(EvaluationJson(evaluation));
    if (answers) json["answers"] = AnswersJson(*answers);
    PrintJson(json);
  } else {
    Print(HeadText(a, scored) + EvaluationText(evaluation, chosen, options.evaluation) +
          (answers ? AnswersText(*answers, chosen) : ""));
  }
  if (!a.plots.empty() && !evaluation.levels.empty()) {
    for (const fs::path& file :
         WriteEvaluationPlots(a.plots, "." + a.plot_format, evaluation, chosen, *answers)) {
      PrintNote("drawn: " + file.string());
    }
  }
  if (evaluation.levels.empty()) {
    throw Error("no file has a score: a face was found in none of them",
                "The counts above say what came of them");
  }
  // Of a store, unreadable files were reported when it was made.
  return !a.manifest.empty() && evaluation.total.failed > 0 ? 1 : 0;
}

void AddOutputOptions(CLI::App& app, EvaluateArguments& a) {
  AddJsonOption(app, a.json);
  app.add_option("--csv", a.csv, "write a line for every file: its scores and the decision");
  app.add_option(
      "--plots", a.plots,
      "folder for pictures of the ROC, precision over recall, reliability, and risk over "
      "coverage; needs gnuplot");
  app.add_option("--plot-format", a.plot_format, "png or svg")
      ->capture_default_str()
      ->check(CLI::IsMember({"png", "svg"}).description(""));
  app.add_option("--calibrate", a.calibrated,
                 "fit the temperature on the split val of the stores, write the model with it to "
                 "this file, and evaluate that one");
  app.add_option("--resamples", a.evaluation.resamples, "resamples of the bootstrap")
      ->capture_default_str();
  AddSeedOption(app, a.evaluation.seed, "of the bootstrap and of --forge");
}

}  // namespace

std::function<int()> ConfigureEvaluate(CLI::App& app) {
  const auto a = std::make_shared<EvaluateArguments>();
  app.add_option("MODEL", a->judging.options.model,
                 "an ONNX model; with --manifest, by default the one that comes with the program");
  app.add_option("STORE", a->stores, "faces of `unmask prepare`; several are taken together");
  app.add_option("--manifest", a->manifest,
                 "instead of stores: judge labelled files as `detect` does. A table with columns "
                 "named in its first line, as `prepare` takes it: file, label (real or fake) and, "
                 "if known, class, identity, split, quality");
  app.add_option("--split", a->split,
                 "train, val, test or all; by default test of stores, all of a manifest")
      ->check(CLI::IsMember({"train", "val", "test", "all"}).description(""));
  app.add_option("--classes", a->classes, "these only, such as real,Deepfakes")
      ->delimiter(',')
      ->allow_extra_args(false);
  app.add_option("--quality", a->quality, "files of this quality only, such as c23");
  app.add_option("--forge", a->forgeries,
                 "of stores: pair every real face with a copy forged by each of these, such as "
                 "self-blend,warp; each is a class of fakes")
      ->delimiter(',')
      ->allow_extra_args(false);
  app.add_option(
         "--face-size", a->face_size,
         "of stores: all faces are scaled down to this many pixels, 16 … 1000, and up again, "
         "so that how sharp their files were tells nothing")
      ->check(CLI::Range(16, 1000).description(""));
  app.add_option("--crf", a->crf,
                 "of stores: real and fake faces go through x264 at this CRF, 0 … 51, such as 23")
      ->check(CLI::Range(0, 51).description(""));
  AddOutputOptions(app, *a);
  AddScoringOptions(app, a->judging);
  AddThreadsOption(app, a->judging.options.threads);
  AddSearchOptions(app, a->judging.options, "With --manifest");
  app.footer(
      "Examples:\n"
      "  unmask evaluate model.onnx faces --csv scores.csv --plots plots\n"
      "  unmask evaluate model.onnx faces --calibrate calibrated.onnx\n"
      "  unmask evaluate model.onnx faces --forge self-blend,warp --crf 40\n"
      "  unmask evaluate --manifest clips.tsv\n\n"
      "Measures are given for single faces (frame), tracks and files (MF, MT, AT: see\n"
      "--aggregate, which chooses the one with intervals). Files without a face have no\n"
      "score and are counted. docs/evaluation.md defines every measure.");
  return [a, &app] { return RunEvaluate(app, *a); };
}

}  // namespace unmask
