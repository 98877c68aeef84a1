#include "unmask/report/embedding_figure.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "unmask/base/error.h"
#include "unmask/base/text.h"

namespace unmask {
namespace {

// Every class is drawn in so many parts, turn by turn and each time another one last, so that
// none hides the others.
constexpr size_t kTurns = 12;

// The faces of each class, the real ones first.
std::vector<std::pair<std::string, std::vector<size_t>>> Classes(const EmbeddingTable& table) {
  std::map<std::pair<int, std::string>, std::vector<size_t>> by_class;
  for (size_t i = 0; i < table.faces.size(); ++i) {
    by_class[{table.faces[i].label, table.faces[i].class_name}].push_back(i);
  }
  std::vector<std::pair<std::string, std::vector<size_t>>> classes;
  for (auto& [key, faces] : by_class) classes.emplace_back(key.second, std::move(faces));
  return classes;
}

// A square that holds all points, with a margin for the marks.
void FitAxes(const Points& points, Plot& plot) {
  double half = 0;
  double middle[2];
  for (size_t d = 0; d < 2; ++d) {
    double low = points.row(0)[d], high = low;
    for (size_t i = 0; i < points.count; ++i) {
      low = std::min(low, points.row(i)[d]);
      high = std::max(high, points.row(i)[d]);
    }
    middle[d] = (low + high) / 2;
    half = std::max(half, (high - low) / 2);
  }
  half = half > 0 ? 1.06 * half : 1;
  plot.x.low = middle[0] - half;
  plot.x.high = middle[0] + half;
  plot.y.low = middle[1] - half;
  plot.y.high = middle[1] + half;
  plot.square = true;
}

void AddSeries(const EmbeddingTable& table, const Points& points, Plot& plot) {
  const auto classes = Classes(table);
  const auto faces = static_cast<double>(table.faces.size());
  // From large marks for a handful of faces to small ones for thousands.
  const double size = std::clamp(18 / std::sqrt(std::max(1.0, faces)), 0.3, 1.0);
  for (size_t turn = 0; turn < kTurns; ++turn) {
    for (size_t place = 0; place < classes.size(); ++place) {
      const size_t c = (place + turn) % classes.size();
      Series series{.style = SeriesStyle::kPoints,
                    .look = static_cast<int>(c),
                    .mark_size = size,
                    .opacity = faces > 100 ? 0.65 : 0.9};
      for (size_t n = turn; n < classes[c].second.size(); n += kTurns) {
        const auto point = points.row(classes[c].second[n]);
        series.x.push_back(point[0]);
        series.y.push_back(point[1]);
      }
      if (turn == 0) {
        series.title = classes[c].first + " (" + std::to_string(classes[c].second.size()) + ")";
      }
      if (!series.x.empty()) plot.series.push_back(std::move(series));
    }
  }
}

std::string Trust(const EmbeddingMap& map) {
  return map.trustworthiness ? ", trustworthiness " + FormatFixed(*map.trustworthiness, 3) : "";
}

Plot TsnePlot(const EmbeddingTable& table, const FeatureMaps& maps) {
  Plot plot{.title = maps.features + ": t-SNE"};
  plot.x = {.label = "divergence " + FormatFixed(maps.kl_divergence, 2) + Trust(*maps.tsne),
            .ticks = false};
  plot.y.ticks = false;
  FitAxes(maps.tsne->points, plot);
  AddSeries(table, maps.tsne->points, plot);
  return plot;
}

Plot PcaPlot(const EmbeddingTable& table, const FeatureMaps& maps) {
  const auto share = [&](size_t i) {
    return " (" + FormatFixed(100 * maps.explained.at(i), 0) + " % of the variance)";
  };
  Plot plot{.title = maps.features + ": PCA",
            .x = {.label = "component 1" + share(0)},
            .y = {.label = "component 2" + share(1)}};
  FitAxes(maps.pca->points, plot);
  AddSeries(table, maps.pca->points, plot);
  return plot;
}

}  // namespace

Figure EmbeddingFigure(const EmbeddingTable& table, int columns) {
  Figure figure;
  figure.columns = std::clamp(columns, 1, std::max(1, static_cast<int>(table.maps.size())));
  const auto step = static_cast<size_t>(figure.columns);
  for (size_t begin = 0; begin < table.maps.size(); begin += step) {
    const size_t end = std::min(begin + step, table.maps.size());
    std::vector<Plot> upper, lower;
    for (size_t m = begin; m < end; ++m) {
      if (table.maps[m].tsne) upper.push_back(TsnePlot(table, table.maps[m]));
      if (table.maps[m].pca) lower.push_back(PcaPlot(table, table.maps[m]));
    }
    for (std::vector<Plot>* row : {&upper, &lower}) {
      if (row->empty()) continue;
      row->resize(step);  // the places after the last map stay empty
      figure.panels.insert(figure.panels.end(), row->begin(), row->end());
    }
  }
  if (figure.panels.empty()) throw Error("there is no map to draw");
  if (table.maps.size() == 1) figure.columns = static_cast<int>(figure.panels.size());
  const int rows = (static_cast<int>(figure.panels.size()) + figure.columns - 1) / figure.columns;
  figure.width = 560 * figure.columns;
  figure.height = 620 * rows;
  return figure;
}

}  // namespace unmask
