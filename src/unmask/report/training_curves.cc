#include "unmask/report/training_curves.h"

#include <fstream>
#include <nlohmann/json.hpp>
#include <string>
#include <utility>

#include "unmask/base/error.h"

namespace unmask {
namespace {

namespace fs = std::filesystem;

constexpr size_t kFewPoints = 40;  // shown as marks

// The values at `place`, e.g. "/validation/auc", of the lines that have one.
Series Curve(const std::vector<Json>& lines, const char* place, const char* title) {
  Series series;
  series.title = title;
  const Json::json_pointer pointer(place);
  for (const Json& line : lines) {
    if (!line.is_object() || !line.contains("step") || !line["step"].is_number()) continue;
    if (!line.contains(pointer) || !line[pointer].is_number()) continue;
    series.x.push_back(line["step"].get<double>());
    series.y.push_back(line[pointer].get<double>());
  }
  series.style = series.x.size() <= kFewPoints ? SeriesStyle::kLinePoints : SeriesStyle::kLine;
  return series;
}

void AddPanel(Figure& figure, const char* title, std::vector<Series> series, Axis y) {
  std::erase_if(series, [](const Series& s) { return s.x.empty(); });
  if (series.empty()) return;
  Plot plot;
  plot.title = title;
  plot.x.label = "step";
  plot.x.low = 0;
  plot.y = std::move(y);
  plot.series = std::move(series);
  figure.panels.push_back(std::move(plot));
}

}  // namespace

Figure TrainingCurves(const std::vector<Json>& lines) {
  const auto curve = [&](const char* place, const char* title) {
    return Curve(lines, place, title);
  };
  Figure figure;
  AddPanel(figure, "Training loss", {curve("/loss", "")}, {.label = "loss"});
  AddPanel(figure, "Learning rate", {curve("/learning_rate", "")},
           {.label = "learning rate", .low = 0});
  AddPanel(figure, "Accuracy and AUC",
           {curve("/accuracy", "training accuracy"),
            curve("/validation/accuracy", "validation accuracy"),
            curve("/validation/auc", "validation AUC")},
           {.label = "share", .high = 1});
  AddPanel(figure, "Validation log loss",
           {curve("/validation/log_loss", "raw"),
            curve("/validation/calibrated_log_loss", "calibrated")},
           {.label = "log loss", .low = 0});
  figure.columns = figure.panels.size() > 1 ? 2 : 1;
  figure.width = figure.columns * 500;
  figure.height = static_cast<int>(figure.panels.size() + 1) / figure.columns * 380;
  return figure;
}

void DrawTrainingCurves(const fs::path& run) {
  std::ifstream file(run / "metrics.jsonl");
  if (!file) throw Error("cannot open " + (run / "metrics.jsonl").string());
  std::vector<Json> lines;
  for (std::string text; std::getline(file, text);) {
    lines.push_back(Json::parse(text, nullptr, /*allow_exceptions=*/false));
  }
  const Figure figure = TrainingCurves(lines);
  if (!figure.panels.empty()) WriteFigure(run / "curves.png", figure);
}

}  // namespace unmask
