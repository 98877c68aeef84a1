#include "unmask/report/evaluation_plots.h"

#include <algorithm>
#include <cmath>
#include <system_error>
#include <utility>

#include "unmask/base/error.h"
#include "unmask/base/text.h"
#include "unmask/score/curves.h"

namespace unmask {
namespace {

namespace fs = std::filesystem;

// Tracks lie between faces and files, and one more line would hide the others.
bool IsShown(const Level& level) { return level.name != "track"; }

std::string LegendOf(const Level& level, const std::string& measure,
                     const std::optional<Measure>& value) {
  const std::string name = level.name == "frame" ? "single faces" : "videos, " + level.name;
  return name + (value ? " (" + measure + " " + FormatFixed(value->value, 3) + ")" : "");
}

Series RocSeries(const Level& level) {
  Series series{.title = LegendOf(level, "AUC", level.evaluation.auc)};
  for (const RocPoint& p : RocCurve(level.items.scores, level.items.labels)) {
    series.x.push_back(p.false_positive_rate);
    series.y.push_back(p.true_positive_rate);
  }
  return series;
}

// A curve in steps: precision of the recalls up to a point, as the average precision sums it.
Series PrecisionRecallSeries(const Level& level) {
  Series series{.title = LegendOf(level, "AP", level.evaluation.average_precision)};
  double recall = 0;
  for (const auto& p : PrecisionRecallCurve(level.items.scores, level.items.labels)) {
    if (p.recall == recall) continue;
    for (const double end : {recall, p.recall}) {
      series.x.push_back(end);
      series.y.push_back(p.precision);
    }
    recall = p.recall;
  }
  return series;
}

Series ReliabilitySeries(const Level& level, bool with_intervals) {
  Series series{.title = LegendOf(level, "ECE", level.evaluation.calibration_error),
                .style = SeriesStyle::kLinePoints};
  constexpr double kZ = 1.959964;
  for (const ReliabilityBin& bin : ReliabilityCurve(level.items.scores, level.items.labels)) {
    const double p = bin.fake_share, n = bin.items;
    series.x.push_back(bin.mean_score);
    series.y.push_back(p);
    if (!with_intervals) continue;
    const double centre = (p + kZ * kZ / (2 * n)) / (1 + kZ * kZ / n);
    const double reach =
        kZ / (1 + kZ * kZ / n) * std::sqrt(p * (1 - p) / n + kZ * kZ / (4 * n * n));
    series.low.push_back(std::max(0.0, centre - reach));
    series.high.push_back(std::min(1.0, centre + reach));
  }
  return series;
}

Series ShareOfItems(const Level& level) {
  Series series{.title = "share of the videos",
                .style = SeriesStyle::kBars,
                .bar_width = 0.9 / kCalibrationBins};
  const auto items = static_cast<double>(level.items.scores.size());
  for (const ReliabilityBin& bin : ReliabilityCurve(level.items.scores, level.items.labels)) {
    series.x.push_back((bin.bin + 0.5) / kCalibrationBins);
    series.y.push_back(bin.items / items);
  }
  return series;
}

Axis Share(const std::string& label) { return {.label = label, .low = 0, .high = 1}; }

// A ROC on a logarithmic axis: a step before the first false alarm begins at the left edge.
Plot LogarithmicRoc(const Plot& roc, double least) {
  Plot plot = roc;
  plot.title = "the same, small rates";
  plot.x.logarithmic = true;
  plot.x.low = least;
  for (Series& series : plot.series) {
    double at_left = 0;
    for (size_t i = 0; i < series.x.size(); ++i) {
      if (series.x[i] <= least) at_left = series.y[i];
    }
    series.x.insert(series.x.begin(), least);
    series.y.insert(series.y.begin(), at_left);
    // What lies left of the edge is said by the point on it.
    for (size_t i = 1; i < series.x.size(); ++i) {
      if (series.x[i] <= least) series.x[i] = least, series.y[i] = at_left;
    }
  }
  Series& chance = plot.series.back();
  chance.x.clear();
  chance.y.clear();
  constexpr int kSteps = 60;
  for (int i = 0; i <= kSteps; ++i) {
    const double x = std::pow(least, 1 - static_cast<double>(i) / kSteps);
    chance.x.push_back(x);
    chance.y.push_back(x);
  }
  return plot;
}

}  // namespace

Figure RocFigure(const DatasetEvaluation& evaluation) {
  Plot roc{.title = "ROC",
           .x = Share("false-positive rate (real called fake)"),
           .y = Share("true-positive rate (fake called fake)"),
           .square = true};
  for (const Level& level : evaluation.levels) {
    if (IsShown(level)) roc.series.push_back(RocSeries(level));
  }
  roc.series.push_back(
      {.title = "chance", .x = {0, 1}, .y = {0, 1}, .style = SeriesStyle::kReference});
  return {.panels = {roc, LogarithmicRoc(roc, 1e-3)}, .columns = 2, .width = 1200, .height = 700};
}

Figure PrecisionRecallFigure(const DatasetEvaluation& evaluation) {
  Plot plot{.title = "Precision and recall",
            .x = Share("recall (fake called fake)"),
            .y = Share("precision (fake among those called fake)"),
            .square = true};
  for (const Level& level : evaluation.levels) {
    if (IsShown(level)) plot.series.push_back(PrecisionRecallSeries(level));
  }
  const Evaluation& videos = evaluation.levels.back().evaluation;
  const double share =
      static_cast<double>(videos.fake) / static_cast<double>(videos.real + videos.fake);
  plot.series.push_back({.title = "share of fake videos",
                         .x = {0, 1},
                         .y = {share, share},
                         .style = SeriesStyle::kReference});
  return {.panels = {plot}, .height = 800};
}

Figure ReliabilityFigure(const DatasetEvaluation& evaluation, Aggregation chosen) {
  Plot plot{.title = "Reliability",
            .x = Share("score: predicted probability of fake"),
            .y = Share("share of fakes"),
            .square = true};
  for (const Level& level : evaluation.levels) {
    if (level.name == "frame") plot.series.push_back(ReliabilitySeries(level, false));
    if (level.name != NameOf(chosen)) continue;
    plot.series.push_back(ReliabilitySeries(level, true));
    plot.series.push_back(ShareOfItems(level));
  }
  plot.series.push_back(
      {.title = "perfect calibration", .x = {0, 1}, .y = {0, 1}, .style = SeriesStyle::kReference});
  return {.panels = {plot}, .height = 800};
}

Figure RiskCoverageFigure(const Answers& answers) {
  const auto all = static_cast<double>(answers.all_files());
  const auto answered = static_cast<double>(answers.all_answered());
  Series curve{.title = "surest first (area " + FormatFixed(answers.area, 3) + ")"};
  for (const RiskCoveragePoint& point : answers.curve) {
    curve.x.push_back(point.coverage);
    curve.y.push_back(point.risk);
  }
  const double risk = answers.curve.back().risk;
  Plot plot{.title = "Risk and coverage",
            .x = Share("coverage: share of the videos that are answered"),
            .y = Share("risk: share of wrong answers")};
  plot.y.high.reset();
  plot.series.push_back(std::move(curve));
  if (answered > 0) {
    plot.series.push_back({.title = "the model's own choice of what to answer",
                           .x = {answered / all},
                           .y = {static_cast<double>(answers.all_wrong()) / answered},
                           .style = SeriesStyle::kPoints,
                           .mark_size = 1.6});
  }
  plot.series.push_back({.title = "every video answered",
                         .x = {0, 1},
                         .y = {risk, risk},
                         .style = SeriesStyle::kReference});
  return {.panels = {plot}};
}

std::vector<fs::path> WriteEvaluationPlots(const fs::path& folder, const std::string& suffix,
                                           const DatasetEvaluation& evaluation, Aggregation chosen,
                                           const Answers& answers) {
  if (evaluation.levels.empty() || !evaluation.levels.back().evaluation.auc) {
    throw Error("nothing to plot: curves need real and fake files that have a score",
                "Leave out the plots, or evaluate files of both kinds");
  }
  std::error_code error;
  fs::create_directories(folder, error);
  if (error) throw Error("cannot create " + folder.string() + ": " + error.message());
  const std::pair<std::string, Figure> figures[] = {
      {"roc", RocFigure(evaluation)},
      {"precision_recall", PrecisionRecallFigure(evaluation)},
      {"reliability", ReliabilityFigure(evaluation, chosen)},
      {"risk_coverage", RiskCoverageFigure(answers)}};
  std::vector<fs::path> files;
  for (const auto& [name, figure] : figures) {
    files.push_back(folder / (name + suffix));
    WriteFigure(files.back(), figure);
  }
  return files;
}

}  // namespace unmask
