#include <CLI/CLI.hpp>
#include <filesystem>
#include <map>
#include <memory>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <vector>

#include "unmask/base/atomic_file.h"
#include "unmask/base/error.h"
#include "unmask/base/text.h"
#include "unmask/cli/commands.h"
#include "unmask/cli/judging_options.h"
#include "unmask/console/options.h"
#include "unmask/console/output.h"
#include "unmask/console/signals.h"
#include "unmask/data/manifest.h"
#include "unmask/detect/detector.h"
#include "unmask/score/evaluation.h"

namespace unmask {
namespace {

namespace fs = std::filesystem;

struct Arguments {
  fs::path manifest;
  fs::path table;
  std::string split;
  bool json = false;
  JudgingArguments judging;
};

// The labelled files of the manifest, of one split if it is named.
std::vector<PrepareInput> InputsOf(const Arguments& arguments) {
  std::vector<PrepareInput> inputs;
  for (PrepareInput& input : ReadManifest(arguments.manifest)) {
    if (!arguments.split.empty() && input.split != arguments.split) continue;
    if (input.label < 0) {
      throw Error(arguments.manifest.string() + ": " + input.file.string() + " has no label",
                  "Fill the column label with real or fake");
    }
    inputs.push_back(std::move(input));
  }
  if (inputs.empty()) {
    throw Error(arguments.manifest.string() + ": lists no file of the split '" + arguments.split +
                "'");
  }
  return inputs;
}

struct Judged {
  PrepareInput input;
  Verdict verdict;
};

// What was measured. Files without a face or with an error have no score; they are counted.
struct Outcome {
  std::optional<Evaluation> evaluation;  // none where nothing has a score
  int64_t no_face = 0;
  int64_t errors = 0;
};

Outcome Summarise(const std::vector<Judged>& judged, double threshold) {
  Outcome outcome;
  std::vector<double> scores;
  std::vector<int> labels, groups;
  std::map<std::string, int> group_of;  // people; a file without one stands for itself
  for (const Judged& j : judged) {
    outcome.no_face += j.verdict.judgement == Judgement::kNoFace;
    outcome.errors += j.verdict.judgement == Judgement::kError;
    if (j.verdict.tracks.empty()) continue;
    const std::string who = j.input.identity.empty() ? j.input.file.string() : j.input.identity;
    scores.push_back(j.verdict.score);
    labels.push_back(j.input.label);
    groups.push_back(group_of.emplace(who, static_cast<int>(group_of.size())).first->second);
  }
  if (!scores.empty()) outcome.evaluation = Evaluate(scores, labels, groups, threshold);
  return outcome;
}

Json ToJson(const Measure& measure) {
  return {{"value", measure.value}, {"low", measure.interval.low}, {"high", measure.interval.high}};
}

Json ToJson(const Evaluation& e) {
  Json json = {{"real", e.real},
               {"fake", e.fake},
               {"threshold", e.threshold},
               {"accuracy", ToJson(e.accuracy)},
               {"log_loss", ToJson(e.log_loss)}};
  if (e.real_accuracy) json["real_accuracy"] = *e.real_accuracy;
  if (e.fake_accuracy) json["fake_accuracy"] = *e.fake_accuracy;
  if (e.balanced_accuracy) json["balanced_accuracy"] = ToJson(*e.balanced_accuracy);
  if (e.auc) json["auc"] = ToJson(*e.auc);
  return json;
}

std::string Line(const std::string& name, const Measure& m) {
  return "  " + name + std::string(20 - name.size(), ' ') + FormatFixed(m.value, 3) + "  (" +
         FormatFixed(m.interval.low, 3) + " … " + FormatFixed(m.interval.high, 3) + ")\n";
}

std::string ToText(const Outcome& outcome) {
  std::string text;
  if (outcome.evaluation) {
    const Evaluation& e = *outcome.evaluation;
    text += std::to_string(e.real) + " real and " + std::to_string(e.fake) +
            " fake files; threshold " + FormatFixed(e.threshold, 3) +
            "; in brackets: 95 % intervals by bootstrap\n";
    if (e.auc) text += Line("AUC", *e.auc);
    text += Line("accuracy", e.accuracy);
    if (e.balanced_accuracy) text += Line("balanced accuracy", *e.balanced_accuracy);
    text += Line("log loss", e.log_loss);
    if (e.real_accuracy) text += "  real called real    " + FormatFixed(*e.real_accuracy, 3) + "\n";
    if (e.fake_accuracy) text += "  fake called fake    " + FormatFixed(*e.fake_accuracy, 3) + "\n";
  }
  if (outcome.no_face > 0) {
    text += std::to_string(outcome.no_face) + " files without a face have no score\n";
  }
  if (outcome.errors > 0) text += std::to_string(outcome.errors) + " files could not be read\n";
  return text;
}

// A line for each file.
std::string Table(const std::vector<Judged>& judged) {
  std::string table = "file\tlabel\tverdict\tscore\n";
  for (const Judged& j : judged) {
    table += j.input.file.string() + "\t" + (j.input.label == 1 ? "fake" : "real") + "\t" +
             std::string(NameOf(j.verdict.judgement)) + "\t" +
             (j.verdict.tracks.empty() ? "" : FormatFixed(j.verdict.score, 6)) + "\n";
  }
  return table;
}

int RunEvaluate(const Arguments& arguments) {
  const std::vector<PrepareInput> inputs = InputsOf(arguments);
  if (!arguments.table.empty()) {
    std::vector<fs::path> read = {arguments.manifest, arguments.judging.options.model,
                                  arguments.judging.options.model_sidecar};
    for (const PrepareInput& input : inputs) read.push_back(input.file);
    RefuseToOverwrite(arguments.table, read);
    const AtomicFile writable(arguments.table);
  }
  Detector detector(arguments.judging.Resolve());
  const auto progress = MakeProgress("evaluate", "files");
  std::vector<Judged> judged;
  for (const PrepareInput& input : inputs) {
    progress->Update(static_cast<int64_t>(judged.size()), static_cast<int64_t>(inputs.size()),
                     input.file.filename().string());
    judged.push_back({input, detector.TryJudge(input.file, &GlobalCancelToken())});
    const Verdict& verdict = judged.back().verdict;
    if (verdict.judgement == Judgement::kError) PrintError(Error(verdict.error, verdict.remedy));
  }
  progress->Finish();
  const Outcome outcome = Summarise(judged, detector.settings().file_threshold);
  if (!arguments.table.empty()) WriteTextFile(arguments.table, Table(judged));
  if (arguments.json) {
    Json json = {{"schema", "unmask/evaluate"}, {"version", 1}};
    json.update(ToJson(detector.settings()));
    json["no_face"] = outcome.no_face;
    json["errors"] = outcome.errors;
    if (outcome.evaluation) json["evaluation"] = ToJson(*outcome.evaluation);
    PrintJson(json);
  } else {
    Print(ToText(outcome));
  }
  return outcome.errors == 0 && outcome.evaluation ? 0 : 1;
}

}  // namespace

std::function<int()> ConfigureEvaluate(CLI::App& app) {
  const auto a = std::make_shared<Arguments>();
  app.add_option("MANIFEST", a->manifest,
                 "table of files with tab-separated columns named in its first line: file, label "
                 "(real or fake) and, if known, identity and split")
      ->required();
  app.add_option("--split", a->split, "only the files of this split: train, val or test");
  app.add_option("--table", a->table, "write the score of every file to this table");
  AddJsonOption(app, a->json);
  AddJudgingOptions(app, a->judging);
  app.footer(
      "Example:\n"
      "  unmask evaluate clips.tsv --table scores.tsv\n\n"
      "Intervals are by bootstrap over people, or over files where no identity is\n"
      "given. Log loss uses the natural logarithm, probabilities clipped at 1e-7.");
  return [a] { return RunEvaluate(*a); };
}

}  // namespace unmask
