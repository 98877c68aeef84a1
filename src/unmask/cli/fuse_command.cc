#include <CLI/CLI.hpp>
#include <filesystem>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "unmask/base/atomic_file.h"
#include "unmask/base/config.h"
#include "unmask/base/error.h"
#include "unmask/base/text.h"
#include "unmask/cli/commands.h"
#include "unmask/cli/fuse_inputs.h"
#include "unmask/cli/models_and_stores.h"
#include "unmask/console/options.h"
#include "unmask/console/output.h"
#include "unmask/report/fusion_report.h"

namespace unmask {
namespace {

namespace fs = std::filesystem;

// Before time is spent.
void CheckArguments(const FuseArguments& a) {
  if (a.models.size() < 2) {
    throw UsageError("a fusion takes two models at least, not " + std::to_string(a.models.size()),
                     "One model is measured by `unmask evaluate`");
  }
  a.evaluation.Validate();
  FusionRuleFromName(a.rule);
  const std::vector<fs::path> sidecars = SidecarsOf(a);
  if (a.csv.empty()) return;
  std::vector<fs::path> inputs = a.inputs;
  inputs.insert(inputs.end(), sidecars.begin(), sidecars.end());
  RefuseToOverwrite(a.csv, inputs);
  const AtomicFile writable(a.csv);
}

std::string HeadText(const FuseArguments& a, const FuseInputs& inputs, const Evaluation& files) {
  std::vector<std::string> stores;
  for (const fs::path& store : a.stores) stores.push_back(Printable(store.string()));
  std::string text = "Fusion of " + CountOf(inputs.models.size(), "model") + " on " +
                     Join(stores, ", ") +
                     (a.split == "all" ? ", all splits" : ", split " + a.split);
  if (!a.classes.empty()) text += ", " + Join(a.classes, " and ");
  if (!a.quality.empty()) text += ", " + a.quality;
  text += "\n";
  for (size_t m = 0; m < inputs.models.size(); ++m) {
    const FusedModel& model = inputs.models[m];
    text += "  " + std::to_string(m + 1) + "  " + Printable(model.path.string()) + " (SHA-256 " +
            model.sha256.substr(0, 12) + "…, temperature " + FormatFixed(model.temperature, 3) +
            ", threshold " + FormatFixed(model.threshold, 3) + ")\n";
  }
  if (inputs.unlabelled > 0) {
    text += CountOf(static_cast<size_t>(inputs.unlabelled), "file") + " without a label left out\n";
  }
  if (inputs.without_score > 0) {
    text += CountOf(static_cast<size_t>(inputs.without_score), "file") +
            " without a score have no part in the figures\n";
  }
  return text + std::to_string(files.real) + " real and " + std::to_string(files.fake) +
         " fake files (" + std::string(NameOf(AggregationFromName(a.judging.aggregation))) +
         ") of " + std::to_string(files.groups) + " people\n\n";
}

Json ToJson(const FuseArguments& a, const FuseInputs& inputs) {
  Json json = {{"schema", "unmask/fuse"}, {"version", 1}, {"program_version", kVersion}};
  json["models"] = Json::array();
  for (const FusedModel& model : inputs.models) {
    json["models"].push_back({{"file", model.path.string()},
                              {"name", model.name},
                              {"sha256", model.sha256},
                              {"temperature", model.temperature},
                              {"threshold", model.threshold}});
  }
  json["options"] = {
      {"rule", a.rule},
      {"aggregate", NameOf(AggregationFromName(a.judging.aggregation))},
      {"vote_score", a.judging.vote_score},
      {"precision", inputs.precision == Precision::kBfloat16 ? "bf16" : "fp32"},
      {"split", a.split},
      {"classes", a.classes},
      {"quality", a.quality},
      {"level", a.evaluation.level},
      {"resamples", a.evaluation.resamples},
      {"seed", a.evaluation.seed},
  };
  json["sources"] = Json::array();
  for (size_t i = 0; i < a.stores.size(); ++i) {
    json["sources"].push_back(
        {{"file", a.stores[i].string()}, {"fingerprint", inputs.fingerprints[i]}});
  }
  json["unlabelled"] = inputs.unlabelled;
  json["without_score"] = inputs.without_score;
  return json;
}

int RunFuse(FuseArguments a) {
  const ModelsAndStores files = TellApart(a.inputs);
  a.models = files.models;
  a.stores = files.stores;
  CheckArguments(a);
  const FuseInputs inputs = ScoreForFusion(a);
  const DetectorOptions judging = a.judging.Resolve();
  const FusionOptions options = {
      .rule = FusionRuleFromName(a.rule),
      .aggregation = judging.aggregation,
      .dataset = {.evaluation = a.evaluation, .vote_score = judging.vote_score}};
  const FusionComparison comparison = CompareFusions(inputs.scores, inputs.validation, options);
  if (!a.csv.empty()) {
    std::vector<std::string> names;
    for (const FusedModel& model : inputs.models) names.push_back(model.path.string());
    WriteTextFile(a.csv, FusionCsv(comparison, names));
  }
  if (a.json) {
    Json json = ToJson(a, inputs);
    json.update(FusionJson(comparison));
    PrintJson(json);
  } else {
    Print(HeadText(a, inputs, comparison.results[0].evaluation) +
          FusionText(comparison, options, "val"));
  }
  return 0;
}

}  // namespace

std::function<int()> ConfigureFuse(CLI::App& app) {
  const auto a = std::make_shared<FuseArguments>();
  app.add_option("MODEL... STORE", a->inputs,
                 "ONNX models, two or more, and faces of `unmask prepare`, one store or several "
                 "that are taken together; they are told apart by their content")
      ->required();
  app.add_option("--rule", a->rule,
                 "how pairs and the greedy set are fused: probability (mean of the calibrated "
                 "probabilities), raw-probability (of those before calibration), logit (mean of "
                 "the calibrated log odds) or raw-logit")
      ->capture_default_str();
  app.add_flag("--no-greedy", a->no_greedy,
               "do not choose a set of models on the split val of the stores");
  app.add_option("--split", a->split, "train, val, test or all")
      ->capture_default_str()
      ->check(CLI::IsMember({"train", "val", "test", "all"}).description(""));
  app.add_option("--classes", a->classes, "these only, such as real,Deepfakes")
      ->delimiter(',')
      ->allow_extra_args(false);
  app.add_option("--quality", a->quality, "files of this quality only, such as c23");
  app.add_option("--model-info", a->model_info,
                 "NUMBER=FILE: JSON file saying how the input of the model of this number, "
                 "counted from 1, is made, see docs/models.md")
      ->allow_extra_args(false);
  AddJsonOption(app, a->json);
  app.add_option("--csv", a->csv, "write a line for every model and fusion: its measures");
  app.add_option("--resamples", a->evaluation.resamples, "resamples of the bootstrap")
      ->capture_default_str();
  AddSeedOption(app, a->evaluation.seed, "of the bootstrap");
  AddVerdictOptions(app, a->judging);
  AddPrecisionOption(app, a->judging.precision);
  AddThreadsOption(app, a->judging.options.threads);
  app.footer(
      "Examples:\n"
      "  unmask fuse softmax.onnx arcface.onnx faces\n"
      "  unmask fuse runs/*/model.onnx faces --rule logit --csv fusion.csv\n\n"
      "Measured are every model, all together by every rule, all pairs, and the set\n"
      "that is chosen greedily on the split val. Fusions are compared with the best\n"
      "single model. docs/evaluation.md says how.");
  return [a] { return RunFuse(*a); };
}

}  // namespace unmask
