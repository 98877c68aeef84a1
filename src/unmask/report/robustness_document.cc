#include <algorithm>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "unmask/base/config.h"
#include "unmask/base/text.h"
#include "unmask/report/robustness_numbers.h"
#include "unmask/report/robustness_report.h"

namespace unmask {
namespace {

std::string Number(int64_t value) { return std::to_string(value); }

class Writer {
 public:
  explicit Writer(const RobustnessReport& report) : report_(report) {
    document_.title = "Robustness of " + report.settings.model_name;
  }

  Document Write(const std::vector<DocumentFigure>& figures) {
    Head();
    Add(Heading{2, "Findings"});
    Add(BulletList{RobustnessFindings(report_)});
    for (const DocumentFigure& figure : figures) Add(figure);
    if (figures.empty()) Say("Figures are missing: gnuplot is not installed.");
    Add(Heading{2, "Conditions"});
    for (const ConditionSummary& condition : report_.summary.conditions) Table(condition);
    Groups();
    Method();
    return std::move(document_);
  }

 private:
  void Add(Block block) { document_.blocks.push_back(std::move(block)); }
  void Say(const std::string& text) { Add(Paragraph{text}); }

  void Head() {
    const DetectionSettings& settings = report_.settings;
    Say("Model " + settings.model_name + " (SHA-256 " + settings.model_sha256.substr(0, 12) +
        "…), fake from " + FormatFixed(settings.threshold, 3) + " on, aggregated by " +
        std::string(NameOf(settings.aggregation)) + "; made by `unmask robustness` " + kVersion +
        " on " + Printable(report_.manifest) + ": " + Number(report_.real_files) + " real and " +
        Number(report_.fake_files) + " fake files of " + Number(report_.people) + " people" +
        (report_.forgeries.empty() ? "."
                                   : ", and of each real file a copy forged by each of " +
                                         Join(report_.forgeries, ", ") + "."));
    const std::string few = FewFilesRemark(report_);
    if (!few.empty()) Add(Paragraph{few, true});
    if (!report_.failed.empty()) {
      std::string names;
      for (const FailedFile& file : report_.failed) {
        names += (names.empty() ? "" : "; ") + Printable(file.why);
      }
      Add(Paragraph{CountOf(report_.failed.size(), "file") +
                        " could not be measured, or not in every condition; what is missing is in "
                        "no table: " +
                        names,
                    true});
    }
  }

  void Table(const ConditionSummary& condition) {
    const bool scenes = condition.condition->kind == ConditionKind::kSeveralFaces;
    const bool turned = condition.condition->kind == ConditionKind::kHeadTurn;
    DocumentTable table;
    table.caption =
        std::string(condition.condition->title) + ": " + std::string(condition.condition->summary);
    if (!HasScores(condition)) {
      Say("**" + table.caption + "** – none of these files has a score in it." +
          (WhyLeftOut(condition).empty() ? "" : " " + WhyLeftOut(condition)));
      return;
    }
    table.columns = {std::string(condition.condition->axis),
                     "real",
                     "fake",
                     "AUC",
                     "false alarms",
                     "found",
                     "no face",
                     "left out"};
    if (scenes) table.columns.emplace_back("file called fake");
    if (!turned) table.rows.push_back(RowOf("undisturbed", report_.summary.undisturbed, scenes));
    for (size_t i = 0; i < condition.levels.size(); ++i) {
      const LevelSummary& level = condition.levels[i];
      std::string name = LevelText(level.level);
      if (turned) {
        name += i + 1 < condition.levels.size() ? " – " + LevelText(condition.levels[i + 1].level)
                                                : " and more";
      }
      table.rows.push_back(RowOf(name, level, scenes));
    }
    Add(std::move(table));
    const std::string why = WhyLeftOut(condition);
    if (!why.empty()) Say(why);
  }

  // "Left out: a picture has no frame rate (2 at 15, 2 at 10)."; empty where nothing is.
  static std::string WhyLeftOut(const ConditionSummary& condition) {
    std::map<std::string, std::vector<std::string>> levels;
    for (const LevelSummary& level : condition.levels) {
      for (const auto& [why, count] : level.why_left_out) {
        levels[why].push_back(Number(count) + " at " + LevelText(level.level));
      }
    }
    std::vector<std::string> reasons;
    for (const auto& [why, counts] : levels) {
      reasons.push_back(Printable(why) + " (" + Join(counts, ", ") + ")");
    }
    return reasons.empty() ? "" : "Left out: " + Join(reasons, "; ") + ".";
  }

  static TableRow RowOf(const std::string& name, const LevelSummary& level, bool scenes) {
    TableRow row{{{name},
                  {Number(level.false_alarms.items)},
                  {Number(level.found.items)},
                  CellOf(level.auc),
                  CellOf(level.false_alarms),
                  CellOf(level.found),
                  {Number(level.no_face)},
                  {Number(level.left_out)}}};
    if (scenes) row.cells.push_back(CellOf(level.scenes_called_fake));
    return row;
  }

  void Groups() {
    if (report_.summary.groups.empty()) return;
    Add(Heading{2, "False alarms by group"});
    Say("Undisturbed real files only.");
    for (const GroupSummary& group : report_.summary.groups) {
      DocumentTable table;
      table.caption = "By " + group.column +
                      ": χ² = " + FormatFixed(group.comparison.chi_squared, 2) +
                      ", p = " + FormatFixed(group.comparison.p, 4) + ", after Holm " +
                      FormatFixed(group.adjusted_p, 4);
      table.columns = {group.column, "real files", "people", "false alarms", "share"};
      for (const GroupRate& rate : group.comparison.groups) {
        const bool few = rate.rate.items < kFewFiles;
        table.rows.push_back({{{rate.name, few ? "few files" : ""},
                               {Number(rate.rate.items)},
                               {Number(rate.rate.people)},
                               {Number(rate.rate.events)},
                               CellOf(rate.rate)}});
      }
      Add(std::move(table));
      if (group.without > 0) {
        Say(CountOf(static_cast<size_t>(group.without), "file") + " without an entry in " +
            group.column + " left out.");
      }
    }
  }

  void Method() {
    const BootstrapOptions& bootstrap = report_.options.bootstrap;
    const std::string level = FormatFixed(100 * bootstrap.level, 0) + " %";
    Add(Heading{2, "How it was measured"});
    Add(BulletList{
        {"Of each video " + LevelText(report_.excerpt.seconds) + " seconds from its middle, " +
             (report_.excerpt.max_height > 0
                  ? "at most " + Number(report_.excerpt.max_height) + " lines high, "
                  : "") +
             "were decoded once. Every level starts from these frames, and what it makes of them "
             "goes to the detector without any further encoding.",
         "False alarms: real files called fake. Found: fake files called fake. Their " + level +
             " intervals are Wilson's, with the number of people as the number of trials.",
         "AUC: its " + level + " interval is a bootstrap over people (" +
             Number(bootstrap.resamples) + " resamples, seed " +
             Number(static_cast<int64_t>(bootstrap.seed)) + ").",
         "No face: the detector found none, so there is no score; such files are in no other "
         "column. Left out: the level says nothing about the file (its face is smaller, it is a "
         "picture, its head is not turned so far).",
         "Intervals that part are a stricter test than a paired one on the same files.",
         "Groups are compared by Pearson's χ² with " + Number(report_.options.permutations) +
             " permutations of people among groups, adjusted over the columns by Holm.",
         "`docs/robustness.md` defines each condition in numbers."}});
  }

  const RobustnessReport& report_;
  Document document_;
};

}  // namespace

Document RobustnessDocument(const RobustnessReport& report,
                            const std::vector<DocumentFigure>& figures) {
  return Writer(report).Write(figures);
}

}  // namespace unmask
