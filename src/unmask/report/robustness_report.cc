#include "unmask/report/robustness_report.h"

#include <nlohmann/json.hpp>

#include "unmask/base/atomic_file.h"
#include "unmask/base/error.h"
#include "unmask/base/text.h"
#include "unmask/report/robustness_numbers.h"
#include "unmask/report/text_table.h"

namespace unmask {
namespace {

namespace fs = std::filesystem;

Json RateJson(const Rate& rate) {
  Json json = {{"items", rate.items}, {"events", rate.events}, {"people", rate.people}};
  if (rate.items == 0) return json;
  json["value"] = rate.share.value;
  json["low"] = rate.share.interval.low;
  json["high"] = rate.share.interval.high;
  return json;
}

Json LevelJson(const LevelSummary& level, const Condition* condition) {
  Json json = Json::object();
  if (condition != nullptr) json["level"] = level.level;
  json["files"] = level.files;
  json["no_face"] = level.no_face;
  json["left_out"] = level.left_out;
  if (level.left_out > 0) json["why_left_out"] = level.why_left_out;
  json["false_alarms"] = RateJson(level.false_alarms);
  json["found"] = RateJson(level.found);
  if (level.auc) {
    json["auc"] = {{"value", level.auc->value}};
    if (!IntervalText(level.auc).empty()) {
      json["auc"]["low"] = level.auc->interval.low;
      json["auc"]["high"] = level.auc->interval.high;
    }
  }
  if (condition != nullptr && condition->kind == ConditionKind::kSeveralFaces) {
    json["scenes_called_fake"] = RateJson(level.scenes_called_fake);
  }
  return json;
}

Json GroupJson(const GroupSummary& group) {
  Json json = {{"column", group.column},
               {"without", group.without},
               {"chi_squared", group.comparison.chi_squared},
               {"p", group.comparison.p},
               {"adjusted_p", group.adjusted_p},
               {"groups", Json::array()}};
  for (const GroupRate& rate : group.comparison.groups) {
    json["groups"].push_back({{"name", rate.name}, {"false_alarms", RateJson(rate.rate)}});
  }
  return json;
}

void Draw(const fs::path& file, const Figure& figure, const std::string& caption,
          const std::string& description, std::vector<DocumentFigure>& drawn) {
  if (figure.panels.empty()) return;
  WriteFigure(file, figure);
  drawn.push_back({file, caption, description});
}

bool CanPlot() {
  try {
    RequirePlots();
    return true;
  } catch (const Error&) {
    return false;
  }
}

}  // namespace

Json RobustnessJson(const RobustnessReport& report) {
  Json json = {{"schema", "unmask/robustness"}, {"version", 1}};
  json.update(ToJson(report.settings));
  json["options"]["seconds"] = report.excerpt.seconds;
  json["options"]["max_height"] = report.excerpt.max_height;
  json["options"]["seed"] = report.seed;
  json["options"]["forgery_means"] = report.forgery_means;
  json["options"]["level"] = report.options.bootstrap.level;
  json["options"]["resamples"] = report.options.bootstrap.resamples;
  json["options"]["permutations"] = report.options.permutations;
  json["forgeries"] = report.forgeries;
  json["real_files"] = report.real_files;
  json["fake_files"] = report.fake_files;
  json["people"] = report.people;
  json["failed"] = Json::array();
  for (const FailedFile& file : report.failed) {
    json["failed"].push_back({{"file", file.file.string()}, {"why", file.why}});
  }
  json["undisturbed"] = LevelJson(report.summary.undisturbed, nullptr);
  json["conditions"] = Json::array();
  for (const ConditionSummary& condition : report.summary.conditions) {
    Json levels = Json::array();
    for (const LevelSummary& level : condition.levels) {
      levels.push_back(LevelJson(level, condition.condition));
    }
    json["conditions"].push_back({{"name", condition.condition->name},
                                  {"axis", condition.condition->axis},
                                  {"levels", std::move(levels)}});
  }
  json["columns"] = Json::array();
  for (const GroupSummary& group : report.summary.groups) {
    json["columns"].push_back(GroupJson(group));
  }
  json["findings"] = RobustnessFindings(report);
  return json;
}

std::string FewFilesRemark(const RobustnessReport& report) {
  const LevelSummary& base = report.summary.undisturbed;
  const bool few =
      base.false_alarms.items < kFewFiles || (base.found.items > 0 && base.found.items < kFewFiles);
  if (!few) return "";
  return "These are so few files that the numbers show how the report looks, not how robust the "
         "model is.";
}

std::string RobustnessText(const RobustnessReport& report) {
  constexpr size_t kName = 22, kAuc = 10, kRate = 15;
  std::string text = AlignLeft("condition", kName) + AlignRight("AUC", kAuc) +
                     AlignRight("false alarms", kRate) + AlignRight("found", kRate) +
                     AlignRight("no face", kAuc) + "\n";
  const auto add = [&](const std::string& name, const LevelSummary& level) {
    text += AlignLeft(name, kName) + AlignRight(AucText(level.auc), kAuc) +
            AlignRight(RateText(level.false_alarms), kRate) +
            AlignRight(RateText(level.found), kRate) +
            AlignRight(std::to_string(level.no_face), kAuc) + "\n";
  };
  add("undisturbed", report.summary.undisturbed);
  for (const ConditionSummary& condition : report.summary.conditions) {
    // Of each the strongest level that says something.
    for (auto level = condition.levels.rbegin(); level != condition.levels.rend(); ++level) {
      if (level->false_alarms.items + level->found.items == 0) continue;
      add(std::string(condition.condition->name) + " " + LevelText(level->level), *level);
      break;
    }
  }
  text += "\n";
  const std::string few = FewFilesRemark(report);
  if (!few.empty()) text += few + "\n";
  for (const std::string& finding : RobustnessFindings(report)) text += "- " + finding + "\n";
  return text;
}

std::vector<fs::path> WriteRobustnessReport(const fs::path& folder,
                                            const RobustnessReport& report) {
  std::vector<DocumentFigure> figures;
  if (CanPlot()) {
    Draw(folder / "conditions.png", ConditionsFigure(report),
         "AUC and false alarms in every condition, from the undisturbed files at the left to the "
         "strongest level at the right, with intervals.",
         "A panel for every condition; the tables below hold the same numbers.", figures);
    Draw(folder / "groups.png", GroupsFigure(report),
         "False alarms of undisturbed real files by group (in brackets: files), with intervals.",
         "A panel for every column; the tables below hold the same numbers.", figures);
  }
  const Document document = RobustnessDocument(report, figures);
  std::vector<fs::path> files = {folder / "report.html", folder / "report.md",
                                 folder / "robustness.json"};
  WriteTextFile(files[0], ToHtml(document));
  WriteTextFile(files[1], ToMarkdown(document, folder));
  WriteJson(files[2], RobustnessJson(report));
  for (const DocumentFigure& figure : figures) files.push_back(figure.file);
  return files;
}

}  // namespace unmask
