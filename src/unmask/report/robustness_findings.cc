#include <algorithm>
#include <cmath>

#include "unmask/base/text.h"
#include "unmask/report/robustness_numbers.h"
#include "unmask/report/robustness_report.h"

namespace unmask {
namespace {

std::string WithInterval(const std::optional<Measure>& auc) {
  const std::string interval = IntervalText(auc);
  return AucText(auc) + (interval.empty() ? "" : " (" + interval + ")");
}

std::string WithInterval(const Rate& rate) {
  return RateText(rate) + " (" + IntervalText(rate) + ")";
}

std::string OfUndisturbed(const LevelSummary& level) {
  std::vector<std::string> parts;
  if (level.auc) parts.push_back("AUC " + WithInterval(level.auc));
  const auto add = [&](const std::string& what, const Rate& rate, const std::string& files) {
    parts.push_back(rate.items == 0 ? "no " + files
                                    : what + " " + WithInterval(rate) + " of " +
                                          CountOf(static_cast<size_t>(rate.items), files));
  };
  add("false alarms", level.false_alarms, "real file");
  add("found", level.found, "fake file");
  return "Undisturbed: " + Join(parts, ", ") + ".";
}

std::string AtLevel(const Condition& condition, const LevelSummary& level) {
  return "`" + std::string(condition.name) + "` at " + LevelText(level.level);
}

// The first levels at which something lies beyond what the intervals allow, one a condition.
template <typename Beyond>
std::vector<std::string> Worse(const RobustnessSummary& summary, const Beyond& beyond) {
  std::vector<std::string> found;
  for (const ConditionSummary& condition : summary.conditions) {
    if (condition.condition->kind != ConditionKind::kFrames) continue;
    for (const LevelSummary& level : condition.levels) {
      const std::string what = beyond(level);
      if (what.empty()) continue;
      found.push_back(AtLevel(*condition.condition, level) + ": " + what);
      break;
    }
  }
  return found;
}

std::string OfGroup(const GroupSummary& group, double level) {
  const std::string p = "p = " + FormatFixed(group.adjusted_p, 4);
  if (group.comparison.groups.size() < 2) {
    return "By " + group.column + ": there are not two groups to compare.";
  }
  if (group.adjusted_p < 1 - level) {
    const GroupRate* worst = &group.comparison.groups[0];
    for (const GroupRate& rate : group.comparison.groups) {
      if (rate.rate.share.value > worst->rate.share.value) worst = &rate;
    }
    return "By " + group.column + ": false alarms **differ beyond chance** (" + p +
           "); the most has " + worst->name + " with " + WithInterval(worst->rate) + ".";
  }
  return "By " + group.column + ": no difference in false alarms beyond chance (" + p + ").";
}

void AddSeveral(const RobustnessSummary& summary, std::vector<std::string>& findings) {
  for (const ConditionSummary& condition : summary.conditions) {
    if (condition.condition->kind != ConditionKind::kSeveralFaces) continue;
    for (const LevelSummary& level : condition.levels) {
      if (level.found.items == 0) continue;
      findings.push_back(
          "Among " + LevelText(level.level) + " people, the forged one is found in " +
          WithInterval(level.found) + " of scenes, real ones are accused in " +
          WithInterval(level.false_alarms) + "; the verdict on the whole file is “fake” in " +
          WithInterval(level.scenes_called_fake) + ".");
    }
  }
}

}  // namespace

std::vector<std::string> RobustnessFindings(const RobustnessReport& report) {
  const RobustnessSummary& summary = report.summary;
  const LevelSummary& base = summary.undisturbed;
  std::vector<std::string> findings = {OfUndisturbed(base)};
  const auto list = [&](const std::vector<std::string>& found, const std::string& some,
                        const std::string& none) {
    findings.push_back(found.empty() ? none : some + Join(found, "; ") + ".");
  };
  const bool disturbed =
      std::any_of(summary.conditions.begin(), summary.conditions.end(), [](const auto& condition) {
        return condition.condition->kind == ConditionKind::kFrames && HasScores(condition);
      });
  if (disturbed && base.auc && !std::isnan(base.auc->interval.low)) {
    list(Worse(summary,
               [&](const LevelSummary& level) {
                 const bool below = level.auc && !std::isnan(level.auc->interval.low) &&
                                    level.auc->interval.high < base.auc->interval.low;
                 return below ? WithInterval(level.auc) : "";
               }),
         "The AUC falls, its interval wholly below the undisturbed one, from: ",
         "In no condition does the AUC fall so far that the intervals part.");
  }
  if (disturbed && base.false_alarms.items > 0) {
    list(Worse(summary,
               [&](const LevelSummary& level) {
                 const bool above =
                     level.false_alarms.items > 0 &&
                     level.false_alarms.share.interval.low > base.false_alarms.share.interval.high;
                 return above ? WithInterval(level.false_alarms) : "";
               }),
         "More false alarms, the interval wholly above the undisturbed one, from: ",
         "In no condition do false alarms rise so far that the intervals part.");
  }
  AddSeveral(summary, findings);
  for (const GroupSummary& group : summary.groups) {
    findings.push_back(OfGroup(group, report.options.bootstrap.level));
  }
  return findings;
}

}  // namespace unmask
