#include "unmask/report/fusion_report.h"

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>

#include "unmask/base/text.h"
#include "unmask/report/comparison_text.h"
#include "unmask/report/evaluation_report.h"
#include "unmask/report/text_table.h"

namespace unmask {
namespace {

constexpr size_t kNameWidth = 24;
constexpr size_t kCellWidth = 10;
constexpr size_t kClassWidth = 11;

// "1+3", from places that count from 0.
std::string Numbers(const std::vector<size_t>& members) {
  std::vector<std::string> numbers;
  for (const size_t member : members) numbers.push_back(std::to_string(member + 1));
  return Join(numbers, "+");
}

std::string RowName(const FusionResult& result) {
  switch (result.kind) {
    case FusionKind::kModel:
      return "model " + Numbers(result.members);
    case FusionKind::kAll:
      return "all, " + std::string(NameOf(result.rule));
    case FusionKind::kPair:
      return "pair " + Numbers(result.members);
    case FusionKind::kGreedy:
      return "greedy set";
  }
  return "";
}

// An empty line and a heading where the kind of the rows changes.
std::string Heading(const FusionComparison& comparison, size_t r, FusionRule rule) {
  const FusionKind kind = comparison.results[r].kind;
  if (r == 0 || kind == comparison.results[r - 1].kind) return "";
  if (kind == FusionKind::kPair) return "pairs, by " + std::string(NameOf(rule)) + "\n";
  return kind == FusionKind::kAll ? "all models together\n" : "";
}

std::string MeasureTable(const FusionComparison& comparison, const FusionOptions& options) {
  const EvaluationOptions& e = options.dataset.evaluation;
  std::string text = AlignLeft("", kNameWidth) + AlignRight("AUC", 8) +
                     AlignRight(FormatFixed(100 * e.level, 0) + " % interval", 18) +
                     AlignRight("accuracy", kCellWidth) + AlignRight("balanced", kCellWidth) +
                     AlignRight("log loss", kCellWidth) + "\n";
  for (size_t r = 0; r < comparison.results.size(); ++r) {
    const Evaluation& row = comparison.results[r].evaluation;
    const bool interval = !std::isnan(row.auc->interval.low);
    text += Heading(comparison, r, options.rule) +
            AlignLeft("  " + RowName(comparison.results[r]), kNameWidth) +
            AlignRight(FormatFixed(row.auc->value, 3), 8) +
            AlignRight(interval ? FormatFixed(row.auc->interval.low, 3) + " … " +
                                      FormatFixed(row.auc->interval.high, 3)
                                : "–",
                       18) +
            AlignRight(FormatFixed(row.accuracy.value, 3), kCellWidth) +
            AlignRight(FormatFixed(row.balanced_accuracy->value, 3), kCellWidth) +
            AlignRight(FormatFixed(row.log_loss.value, 4), kCellWidth) + "\n";
  }
  return text;
}

std::string ClassTable(const FusionComparison& comparison, const FusionOptions& options) {
  const std::vector<ClassMeasures>& classes = comparison.results[0].evaluation.classes;
  std::string text = AlignLeft("accuracy of", kNameWidth - kClassWidth + kCellWidth);
  for (const ClassMeasures& c : classes) {
    text += AlignRight(CutMiddle(Printable(c.name), kClassWidth - 1), kClassWidth);
  }
  text += AlignRight("All", kClassWidth - 2) + "\n";
  for (size_t r = 0; r < comparison.results.size(); ++r) {
    const Evaluation& row = comparison.results[r].evaluation;
    text += Heading(comparison, r, options.rule) +
            AlignLeft("  " + RowName(comparison.results[r]), kNameWidth - kClassWidth + kCellWidth);
    for (const ClassMeasures& c : row.classes) {
      text += AlignRight(FormatFixed(c.accuracy.value, 3), kClassWidth);
    }
    text += AlignRight(FormatFixed(row.accuracy.value, 3), kClassWidth - 2) + "\n";
  }
  return text;
}

std::string GreedyText(const FusionComparison& comparison, const FusionOptions& options,
                       const std::string& selection) {
  std::string text = "Greedy set, chosen on split " + selection + " by " +
                     std::string(NameOf(options.rule)) + ": model ";
  for (size_t s = 0; s < comparison.greedy.size(); ++s) {
    const GreedyStep& step = comparison.greedy[s];
    text += (s > 0 ? ", then " : "") + std::to_string(step.added + 1) + " (AUC " +
            FormatFixed(step.auc, 3) + ", log loss " + FormatFixed(step.log_loss, 4) + ")";
  }
  return text + (comparison.greedy.size() == 1 ? "; no other makes it better there.\n" : "\n");
}

// Of one measure, the pairs that differ from the best model.
std::string PairsText(const FusionComparison& comparison, ComparedMeasure measure,
                      const std::string& best, double alpha) {
  std::vector<std::string> better, worse;
  size_t pairs = 0;
  for (const FusionDifference& d : comparison.differences) {
    const FusionResult& result = comparison.results[d.result];
    if (result.kind != FusionKind::kPair || d.measure != measure) continue;
    ++pairs;
    if (!(d.adjusted_p < alpha)) continue;
    const bool is_better = (d.bootstrap.difference > 0) == HigherIsBetter(measure);
    (is_better ? better : worse).push_back(Numbers(result.members));
  }
  std::string text = "  " + MeasureTitle(measure) + ": ";
  if (better.empty() && worse.empty()) {
    return text + "no pair of " + std::to_string(pairs) + " can be told from " + best + "\n";
  }
  if (!better.empty()) text += Join(better, ", ") + " better than " + best;
  if (!worse.empty())
    text += (better.empty() ? "" : "; ") + Join(worse, ", ") + " worse than " + best;
  return text + "\n";
}

std::string DifferencesText(const FusionComparison& comparison, const FusionOptions& options,
                            const std::string& selection) {
  const double alpha = 1 - options.dataset.evaluation.level;
  const std::string best = "model " + std::to_string(comparison.best_model + 1);
  std::string text =
      "Best single model: " + best.substr(6) +
      (comparison.best_on_validation ? ", chosen on split " + selection
                                     : ", chosen on these very files, which favours it") +
      ".\nDifferences: paired bootstrap over people.\n";
  bool pairs = false;
  for (const FusionDifference& d : comparison.differences) {
    const FusionResult& result = comparison.results[d.result];
    pairs = pairs || result.kind == FusionKind::kPair;
    if (result.kind == FusionKind::kPair) continue;
    const std::string subject = result.kind == FusionKind::kAll ? "all together" : "the greedy set";
    text += "  " + DifferenceText(d.measure, subject, best, d.bootstrap, alpha);
    if (d.delong) text += " (DeLong: " + PText(d.delong->p) + ")";
    text += "\n";
  }
  if (!pairs) return text;
  text += "Pairs, with Holm's correction for their number:\n";
  for (const ComparedMeasure measure :
       {ComparedMeasure::kAuc, ComparedMeasure::kAccuracy, ComparedMeasure::kBalancedAccuracy,
        ComparedMeasure::kLogLoss}) {
    text += PairsText(comparison, measure, best, alpha);
  }
  return text;
}

// Not a number has no place in JSON: the field is missing then.
void Put(Json& json, const char* name, double value) {
  if (!std::isnan(value)) json[name] = value;
}

Json ToJson(const FusionDifference& d) {
  Json json = {
      {"result", d.result}, {"measure", NameOf(d.measure)}, {"difference", d.bootstrap.difference}};
  Put(json, "low", d.bootstrap.interval.low);
  Put(json, "high", d.bootstrap.interval.high);
  Put(json, "p", d.bootstrap.p);
  Put(json, "adjusted_p", d.adjusted_p);
  if (d.delong) {
    Put(json, "delong_z", d.delong->z);
    Put(json, "delong_p", d.delong->p);
  }
  return json;
}

std::string Cells(const std::optional<Measure>& measure) {
  if (!measure) return ",,,";
  const auto cell = [](double value) {
    return "," + (std::isnan(value) ? "" : FormatFixed(value, 6));
  };
  return cell(measure->value) + cell(measure->interval.low) + cell(measure->interval.high);
}

}  // namespace

std::string FusionText(const FusionComparison& comparison, const FusionOptions& options,
                       const std::string& selection) {
  std::string text =
      MeasureTable(comparison, options) + "\n" + ClassTable(comparison, options) + "\n";
  if (!comparison.greedy.empty()) text += GreedyText(comparison, options, selection);
  const int64_t groups = comparison.results[0].evaluation.groups;
  text += DifferencesText(comparison, options, selection);
  if (groups < 10) {
    text += "There are " + CountOf(static_cast<size_t>(groups), "group") +
            " of files (people): too few for intervals and p values to say much.\n";
  }
  return text;
}

Json FusionJson(const FusionComparison& comparison) {
  Json json = {{"results", Json::array()}};
  for (const FusionResult& result : comparison.results) {
    Json entry = {{"kind", NameOf(result.kind)}, {"members", result.members}};
    if (result.kind != FusionKind::kModel) entry["rule"] = NameOf(result.rule);
    entry["face_threshold"] = result.threshold;
    entry.update(LevelJson(result.evaluation));
    json["results"].push_back(std::move(entry));
  }
  json["greedy"] = Json::array();
  for (const GreedyStep& step : comparison.greedy) {
    json["greedy"].push_back(
        {{"model", step.added}, {"auc", step.auc}, {"log_loss", step.log_loss}});
  }
  json["best_model"] = comparison.best_model;
  json["best_on_validation"] = comparison.best_on_validation;
  json["differences"] = Json::array();
  for (const FusionDifference& d : comparison.differences) json["differences"].push_back(ToJson(d));
  return json;
}

std::string FusionCsv(const FusionComparison& comparison, const std::vector<std::string>& names) {
  std::string csv = "kind,members,rule";
  for (const char* name : {"auc", "accuracy", "balanced_accuracy", "log_loss"}) {
    csv += std::string(",") + name + "," + name + "_low," + name + "_high";
  }
  for (const ClassMeasures& c : comparison.results[0].evaluation.classes) {
    csv += "," + CsvField("accuracy of " + c.name);
  }
  csv += "\n";
  for (const FusionResult& result : comparison.results) {
    std::vector<std::string> members;
    for (const size_t member : result.members) members.push_back(names.at(member));
    csv += std::string(NameOf(result.kind)) + "," + CsvField(Join(members, " + ")) + "," +
           (result.kind == FusionKind::kModel ? "" : std::string(NameOf(result.rule)));
    const Evaluation& e = result.evaluation;
    csv += Cells(e.auc) + Cells(e.accuracy) + Cells(e.balanced_accuracy) + Cells(e.log_loss);
    for (const ClassMeasures& c : e.classes) csv += "," + FormatFixed(c.accuracy.value, 6);
    csv += "\n";
  }
  return csv;
}

}  // namespace unmask
