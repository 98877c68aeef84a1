#include "unmask/report/evaluation_report.h"

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>
#include <optional>

#include "unmask/base/text.h"
#include "unmask/report/text_table.h"

namespace unmask {
namespace {

using Getter = std::optional<Measure> (*)(const Evaluation&);

struct Row {
  const char* title;  // in text
  const char* name;   // in JSON
  Getter get;
};

// Every measure of an evaluation but those of the classes.
constexpr Row kRows[] = {
    {"AUC", "auc", [](const Evaluation& e) { return e.auc; }},
    {"average precision", "average_precision",
     [](const Evaluation& e) { return e.average_precision; }},
    {"equal error rate", "equal_error_rate",
     [](const Evaluation& e) { return e.equal_error_rate; }},
    {"TPR at 1 % FPR", "tpr_at_1_percent", [](const Evaluation& e) { return e.tpr_at_1_percent; }},
    {"TPR at 0.1 % FPR", "tpr_at_one_per_thousand",
     [](const Evaluation& e) { return e.tpr_at_one_per_thousand; }},
    {"accuracy, all", "accuracy", [](const Evaluation& e) { return std::optional(e.accuracy); }},
    {"accuracy, balanced", "balanced_accuracy",
     [](const Evaluation& e) { return e.balanced_accuracy; }},
    {"real called real", "real_accuracy", [](const Evaluation& e) { return e.real_accuracy; }},
    {"fake called fake", "fake_accuracy", [](const Evaluation& e) { return e.fake_accuracy; }},
    {"log loss", "log_loss", [](const Evaluation& e) { return std::optional(e.log_loss); }},
    {"  uncalibrated", "raw_log_loss", [](const Evaluation& e) { return e.raw_log_loss; }},
    {"Brier score", "brier_score",
     [](const Evaluation& e) { return std::optional(e.brier_score); }},
    {"calibration error", "calibration_error",
     [](const Evaluation& e) { return std::optional(e.calibration_error); }},
};

constexpr size_t kTitleWidth = 18;
constexpr size_t kCellWidth = 8;

std::string Count(int64_t number, const std::string& one, const std::string& many) {
  return std::to_string(number) + " " + (number == 1 ? one : many);
}

// The measure on every level, and its interval on the chosen one.
std::string MeasureCells(const DatasetEvaluation& evaluation, Aggregation chosen, const auto& get) {
  std::string cells, interval;
  for (const Level& level : evaluation.levels) {
    const std::optional<Measure> measure = get(level.evaluation);
    cells += AlignRight(measure ? FormatFixed(measure->value, 3) : "–", kCellWidth);
    if (measure && level.name == NameOf(chosen) && !std::isnan(measure->interval.low)) {
      interval = "   " + FormatFixed(measure->interval.low, 3) + " … " +
                 FormatFixed(measure->interval.high, 3);
    }
  }
  return cells + interval + "\n";
}

std::string Header(const DatasetEvaluation& evaluation, const std::string& title,
                   Aggregation chosen, const EvaluationOptions& options) {
  std::string text = AlignLeft(title, kTitleWidth);
  for (const Level& level : evaluation.levels) text += AlignRight(level.name, kCellWidth);
  return text + "   " + std::string(NameOf(chosen)) + ", " + FormatFixed(100 * options.level, 0) +
         " % interval\n";
}

// A table with a line for each class that has the measure.
template <typename Value>
std::string ClassesText(const DatasetEvaluation& evaluation, const std::string& title,
                        Aggregation chosen, const EvaluationOptions& options,
                        Value ClassMeasures::*value) {
  std::string text;
  for (const ClassCount& count : evaluation.classes) {
    const auto of_class = [&](const Evaluation& e) -> std::optional<Measure> {
      for (const ClassMeasures& c : e.classes) {
        if (c.name == count.name) return c.*value;
      }
      return std::nullopt;
    };
    const auto measured = [&](const Level& level) {
      return of_class(level.evaluation).has_value();
    };
    if (std::none_of(evaluation.levels.begin(), evaluation.levels.end(), measured)) continue;
    text +=
        AlignLeft(Printable(count.name), kTitleWidth) + MeasureCells(evaluation, chosen, of_class);
  }
  return "\n" + Header(evaluation, title, chosen, options) + text;
}

bool HasSeveralKindsOfFakes(const DatasetEvaluation& evaluation) {
  return std::count_if(evaluation.classes.begin(), evaluation.classes.end(),
                       [](const ClassCount& c) { return c.label == 1; }) > 1;
}

std::string CountsText(const DatasetEvaluation& d, const EvaluationOptions& options) {
  std::string text;
  for (const ClassCount& c : d.classes) {
    text += AlignLeft("  " + Printable(c.name), 24) +
            AlignRight(c.label == 1 ? "fake" : "real", 6) + AlignRight(std::to_string(c.files), 9) +
            AlignRight(std::to_string(c.faces), 10) + AlignRight(std::to_string(c.tracks), 10);
    text +=
        AlignRight(std::to_string(c.no_face), 10) + AlignRight(std::to_string(c.failed), 11) + "\n";
  }
  text = AlignLeft("  class", 24) + AlignRight("", 6) + AlignRight("files", 9) +
         AlignRight("faces", 10) + AlignRight("tracks", 10) + AlignRight("no face", 10) +
         AlignRight("unreadable", 11) + "\n" + text;
  if (d.total.no_face + d.total.failed > 0) {
    text += Count(d.total.no_face + d.total.failed, "file has", "files have") +
            " no score and no part in the figures below\n";
  }
  if (d.levels.empty()) return text + "No file has a score.\n";
  const Evaluation& last = d.levels.back().evaluation;
  text += "Scores from " + FormatFixed(options.threshold, 3) + " on are called fake. ";
  if (last.groups == 1) return text + "All files are of one person: no intervals.\n";
  text += "Intervals: bootstrap over " + std::to_string(last.groups) + " people.\n";
  if (last.groups < 10) text += "They are so few that the intervals say little.\n";
  return text;
}

Json ToJson(const Measure& measure) {
  if (std::isnan(measure.interval.low)) return {{"value", measure.value}};
  return {{"value", measure.value}, {"low", measure.interval.low}, {"high", measure.interval.high}};
}

Json ToJson(const ClassCount& count) {
  return {{"files", count.files},
          {"no_face", count.no_face},
          {"failed", count.failed},
          {"tracks", count.tracks},
          {"faces", count.faces}};
}

}  // namespace

Json LevelJson(const Evaluation& e) {
  Json json = {
      {"real", e.real}, {"fake", e.fake}, {"groups", e.groups}, {"threshold", e.threshold}};
  for (const Row& row : kRows) {
    if (const std::optional<Measure> measure = row.get(e)) json[row.name] = ToJson(*measure);
  }
  json["class_accuracy"] = Json::object();
  for (const ClassMeasures& c : e.classes) {
    json["class_accuracy"][c.name] = ToJson(c.accuracy);
    json["class_accuracy"][c.name]["items"] = c.items;
  }
  json["class_auc"] = Json::object();
  for (const ClassMeasures& c : e.classes) {
    if (c.auc) json["class_auc"][c.name] = ToJson(*c.auc);
  }
  return json;
}

std::string EvaluationText(const DatasetEvaluation& evaluation, Aggregation chosen,
                           const EvaluationOptions& options) {
  std::string text = CountsText(evaluation, options);
  if (evaluation.levels.empty()) return text;
  text += "\n" + Header(evaluation, "", chosen, options);
  for (const Row& row : kRows) {
    text += AlignLeft(row.title, kTitleWidth) + MeasureCells(evaluation, chosen, row.get);
  }
  if (evaluation.classes.size() < 2) return text;
  text += ClassesText(evaluation, "accuracy of", chosen, options, &ClassMeasures::accuracy);
  if (!HasSeveralKindsOfFakes(evaluation)) return text;
  return text + ClassesText(evaluation, "AUC of", chosen, options, &ClassMeasures::auc);
}

std::string AnswersText(const Answers& answers, Aggregation chosen) {
  const auto of = [](int64_t part, int64_t whole) {
    const std::string counts = std::to_string(part) + " of " + std::to_string(whole);
    if (whole == 0) return counts;
    return counts + " (" +
           FormatFixed(100 * static_cast<double>(part) / static_cast<double>(whole), 1) + " %)";
  };
  const int64_t all = answers.all_files(), answered = answers.all_answered();
  return "\nAnswers by " + std::string(NameOf(chosen)) + ": " + of(answered, all) + " files" +
         (answered == all ? ", none is left open" : ", of the others it cannot tell") + ".\n" +
         "Wrong of the answers: " + of(answers.all_wrong(), answered) +
         "; real called fake: " + of(answers.wrong[0], answers.answered[0]) +
         ", fake called real: " + of(answers.wrong[1], answers.answered[1]) + ".\n" +
         "Wrong if it always answered: " + of(answers.wrong_if_all_answered, all) +
         ". Area under risk over coverage: " + FormatFixed(answers.area, 3) + ".\n";
}

Json AnswersJson(const Answers& answers) {
  Json json = {{"wrong_if_all_answered", answers.wrong_if_all_answered},
               {"area_under_risk_coverage", answers.area}};
  for (const size_t label : {0, 1}) {
    json[label == 1 ? "fake" : "real"] = {{"files", answers.files[label]},
                                          {"answered", answers.answered[label]},
                                          {"wrong", answers.wrong[label]}};
  }
  json["risk_coverage"] = Json::array();
  for (const RiskCoveragePoint& point : answers.curve) {
    json["risk_coverage"].push_back({point.coverage, point.risk});
  }
  return json;
}

Json EvaluationJson(const DatasetEvaluation& evaluation) {
  Json json = {
      {"counts", ToJson(evaluation.total)}, {"classes", Json::array()}, {"levels", Json::object()}};
  for (const ClassCount& count : evaluation.classes) {
    Json entry = {{"name", count.name}, {"label", count.label == 1 ? "fake" : "real"}};
    entry.update(ToJson(count));
    json["classes"].push_back(std::move(entry));
  }
  for (const Level& level : evaluation.levels)
    json["levels"][level.name] = LevelJson(level.evaluation);
  return json;
}

std::string FilesCsv(const std::vector<ScoredFile>& files, Aggregation chosen,
                     const DatasetOptions& options) {
  std::string csv =
      "file,label,class,quality,identity,split,tracks,faces,MF,MT,AT,decision,answer\n";
  const auto column = static_cast<size_t>(
      std::find(kAggregations.begin(), kAggregations.end(), chosen) - kAggregations.begin());
  for (const ScoredFile& file : files) {
    for (const std::string& field :
         {file.file, std::string(file.label == 1 ? "fake" : "real"), file.class_or_label(),
          file.quality, file.identity, file.split}) {
      csv += CsvField(field) + ",";
    }
    if (!file.has_score()) {
      const std::string what = file.failure.empty() ? "no_face" : "error";
      csv += "0,0,,,," + what + "," + what + "\n";
      continue;
    }
    const auto tracks = std::count_if(file.tracks.begin(), file.tracks.end(),
                                      [](const auto& track) { return !track.empty(); });
    csv += std::to_string(tracks) + "," + std::to_string(file.faces()) + ",";
    const std::array<double, 3> scores = VideoScores(file, options);
    for (const double score : scores) csv += FormatFixed(score, 6) + ",";
    const std::string decision = scores[column] >= FileThreshold(chosen, options) ? "fake" : "real";
    csv += decision + "," + (IsAnswered(file, chosen, options) ? decision : "cannot_tell") + "\n";
  }
  return csv;
}

}  // namespace unmask
