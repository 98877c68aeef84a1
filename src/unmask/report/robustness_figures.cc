#include <algorithm>
#include <cmath>
#include <limits>
#include <utility>

#include "unmask/report/robustness_numbers.h"
#include "unmask/report/robustness_report.h"

namespace unmask {
namespace {

constexpr double kMissing = std::numeric_limits<double>::quiet_NaN();
constexpr int kAucLook = 0, kAlarmLook = 1;
constexpr double kBeside = 0.06;  // so that intervals at one level do not hide each other

void AddPoint(Series& series, double x, const Measure* measure) {
  series.x.push_back(x);
  series.y.push_back(measure == nullptr ? kMissing : measure->value);
  const bool known = measure != nullptr && std::isfinite(measure->interval.low);
  series.low.push_back(known ? measure->interval.low : series.y.back());
  series.high.push_back(known ? measure->interval.high : series.y.back());
}

Series Empty(const std::string& title, int look) {
  Series series;
  series.title = title;
  series.style = SeriesStyle::kLinePoints;
  series.look = look;
  return series;
}

Plot PanelOf(const ConditionSummary& condition, const LevelSummary& undisturbed) {
  Series auc = Empty("AUC", kAucLook), alarms = Empty("false alarms", kAlarmLook);
  Plot plot;
  const auto add = [&](const std::string& name, const LevelSummary& level) {
    plot.x.names.push_back(name);
    const auto x = static_cast<double>(plot.x.names.size());
    AddPoint(auc, x - kBeside, level.auc ? &*level.auc : nullptr);
    AddPoint(alarms, x + kBeside,
             level.false_alarms.items > 0 ? &level.false_alarms.share : nullptr);
  };
  if (condition.condition->kind != ConditionKind::kHeadTurn) add("none", undisturbed);
  for (const LevelSummary& level : condition.levels) add(LevelText(level.level), level);
  plot.title = condition.condition->title;
  plot.x.label = condition.condition->axis;
  plot.x.low = 0.6;
  plot.x.high = static_cast<double>(plot.x.names.size()) + 0.4;
  plot.y.low = 0;
  plot.y.high = 1;
  plot.series = {auc, alarms};
  return plot;
}

bool HasPoint(const Plot& plot) {
  return std::any_of(plot.series.begin(), plot.series.end(), [](const Series& series) {
    return std::any_of(series.y.begin(), series.y.end(), [](double y) { return std::isfinite(y); });
  });
}

}  // namespace

Figure ConditionsFigure(const RobustnessReport& report) {
  Figure figure;
  for (const ConditionSummary& condition : report.summary.conditions) {
    Plot panel = PanelOf(condition, report.summary.undisturbed);
    if (!HasPoint(panel)) continue;  // of fakes alone there is neither
    figure.panels.push_back(std::move(panel));
  }
  const int panels = std::max(1, static_cast<int>(figure.panels.size()));
  figure.columns = std::min(3, panels);
  figure.width = 400 * figure.columns;
  figure.height = 320 * ((panels + figure.columns - 1) / figure.columns);
  return figure;
}

Figure GroupsFigure(const RobustnessReport& report) {
  Figure figure;
  for (const GroupSummary& group : report.summary.groups) {
    Series alarms = Empty("", kAlarmLook);
    alarms.style = SeriesStyle::kPoints;
    Plot plot;
    for (const GroupRate& rate : group.comparison.groups) {
      plot.x.names.push_back(rate.name + " (" + std::to_string(rate.rate.items) + ")");
      AddPoint(alarms, static_cast<double>(plot.x.names.size()), &rate.rate.share);
    }
    if (plot.x.names.empty()) continue;
    const double all = report.summary.undisturbed.false_alarms.share.value;
    const double end = static_cast<double>(plot.x.names.size()) + 0.5;
    Series mean;
    mean.title = "all real files";
    mean.style = SeriesStyle::kReference;
    mean.x = {0.5, end};
    mean.y = {all, all};
    plot.title = group.column;
    plot.x.low = 0.5;
    plot.x.high = end;
    plot.y.label = "false alarms";
    plot.y.low = 0;
    plot.series = {mean, alarms};
    figure.panels.push_back(std::move(plot));
  }
  const int panels = std::max(1, static_cast<int>(figure.panels.size()));
  figure.columns = std::min(2, panels);
  figure.width = 560 * figure.columns;
  figure.height = 380 * ((panels + figure.columns - 1) / figure.columns);
  return figure;
}

}  // namespace unmask
