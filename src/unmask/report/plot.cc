#include "unmask/report/plot.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdio>

#include "unmask/base/atomic_file.h"
#include "unmask/base/error.h"
#include "unmask/report/gnuplot.h"

namespace unmask {
namespace {

namespace fs = std::filesystem;

// Okabe and Ito, Color Universal Design, without the yellow that white paper swallows.
constexpr std::array kColours = {"#0072B2", "#D55E00", "#009E73", "#CC79A7",
                                 "#E69F00", "#56B4E9", "#000000"};
constexpr std::array kDashes = {"solid", "(16,5)", "(4,4)", "(16,4,4,4)"};
constexpr std::array kMarks = {7, 5, 9, 11, 13};  // filled: disc, square, triangles, diamond
constexpr char kGrey[] = "#777777";

std::string Number(double value) {
  if (!std::isfinite(value)) return "NaN";
  char text[32];
  std::snprintf(text, sizeof(text), "%.9g", value);
  return text;
}

bool HasPoint(const Series& series) {
  for (size_t i = 0; i < series.x.size(); ++i) {
    if (std::isfinite(series.x[i]) && std::isfinite(series.y[i])) return true;
  }
  return false;
}

bool HasBand(const Series& series) { return !series.low.empty(); }

// The data of a panel as blocks $p0s0, $p0s1, …, with columns x, y, low, high.
std::string DataBlocks(const Plot& plot, size_t panel) {
  std::string text;
  for (size_t s = 0; s < plot.series.size(); ++s) {
    const Series& series = plot.series[s];
    text += "$p" + std::to_string(panel) + "s" + std::to_string(s) + " << END\n";
    for (size_t i = 0; i < series.x.size(); ++i) {
      text += Number(series.x[i]) + " " + Number(series.y[i]);
      if (HasBand(series)) text += " " + Number(series.low[i]) + " " + Number(series.high[i]);
      text += "\n";
    }
    text += "END\n";
  }
  return text;
}

// The ticks of an axis, `name` being x or y.
std::string TickCommand(const std::string& name, const Axis& axis) {
  if (!axis.ticks) return "unset " + name + "tics";
  constexpr size_t kRoomForNames = 48;  // bytes of all of them side by side
  size_t length = 0;
  std::string places;
  for (size_t i = 0; i < axis.names.size(); ++i) {
    length += axis.names[i].size();
    places += (i > 0 ? ", " : "") + GnuplotString(axis.names[i]) + " " + std::to_string(i + 1);
  }
  return "set " + name + "tics " + (length > kRoomForNames ? "rotate by 30 right" : "norotate") +
         " nomirror out scale 0.6 " + (places.empty() ? "autofreq" : "(" + places + ")");
}

// The `set`s for an axis, `name` being x or y.
std::string AxisCommands(const std::string& name, const Axis& axis) {
  const auto end = [](const std::optional<double>& value) { return value ? Number(*value) : "*"; };
  return "set " + name + "label " + GnuplotString(axis.label) + "\nset " + name + "range [" +
         end(axis.low) + ":" + end(axis.high) + "]\n" + (axis.logarithmic ? "set" : "unset") +
         " logscale " + name + "\n" + TickCommand(name, axis) + "\n";
}

// The looks of a series; `nth` counts those that have a colour of their own.
struct Look {
  std::string colour;
  std::string dash;
  int mark;
};

Look LookOf(size_t nth) {
  return {kColours[nth % kColours.size()], kDashes[nth % kDashes.size()],
          kMarks[nth % kMarks.size()]};
}

// Marks, and in the legend one of a legible size that is opaque.
void AddPoints(const Series& series, const std::string& block, const Look& look,
               std::vector<std::string>& elements) {
  const auto points = [&](double size, double opacity) {
    char transparency[3];
    std::snprintf(transparency, sizeof(transparency), "%02x",
                  static_cast<unsigned>(std::lround(255 * (1 - opacity))) & 255u);
    return " with points pt " + std::to_string(look.mark) + " ps " + Number(size) + " lc rgb '#" +
           transparency + look.colour.substr(1) + "' ";
  };
  elements.push_back(block + " using 1:2" + points(series.mark_size, series.opacity) + "notitle");
  if (series.title.empty()) return;
  elements.push_back("keyentry" + points(std::max(0.8, series.mark_size), 1) + "title " +
                     GnuplotString(series.title));
}

std::string LegendOf(const Series& series) {
  return series.title.empty() ? "notitle" : "title " + GnuplotString(series.title);
}

// The elements of gnuplot's `plot` command for one series.
std::vector<std::string> Elements(const Series& series, const std::string& block, size_t nth) {
  const Look look = LookOf(nth);
  const std::string colour = "lc rgb '" + look.colour + "'";
  const std::string line = " lw 2 dt " + look.dash + " ";
  const std::string mark =
      " pt " + std::to_string(look.mark) + " ps " + Number(series.mark_size) + " ";
  const std::string legend = LegendOf(series);
  std::vector<std::string> elements;
  const bool marked =
      series.style == SeriesStyle::kPoints || series.style == SeriesStyle::kLinePoints;
  if (HasBand(series)) {
    elements.push_back(block +
                       (marked ? " using 1:2:3:4 with yerrorbars ps 0 lw 1.5 dt solid "
                               : " using 1:3:4 with filledcurves fs transparent solid "
                                 "0.18 noborder ") +
                       colour + " notitle");
  }
  switch (series.style) {
    case SeriesStyle::kLine:
      elements.push_back(block + " using 1:2 with lines" + line + colour + " " + legend);
      break;
    case SeriesStyle::kSteps:
      elements.push_back(block + " using 1:2 with steps" + line + colour + " " + legend);
      break;
    case SeriesStyle::kPoints:
      AddPoints(series, block, look, elements);
      break;
    case SeriesStyle::kLinePoints:
      elements.push_back(block + " using 1:2 with linespoints" + line + mark + colour + " " +
                         legend);
      break;
    case SeriesStyle::kBars:
      elements.push_back(block + " using 1:2:(" + Number(series.bar_width) +
                         ") with boxes fs solid 1.0 noborder lc rgb '#DDDDDD' " + legend);
      break;
    case SeriesStyle::kReference:
      elements.push_back(block + " using 1:2 with lines lw 1.2 dt (6,6) lc rgb '" + kGrey + "' " +
                         legend);
      break;
  }
  return elements;
}

std::string PanelCommands(const Plot& plot, size_t panel) {
  std::string text = "set title " + GnuplotString(plot.title) + "\n" + AxisCommands("x", plot.x) +
                     AxisCommands("y", plot.y) +
                     (plot.square ? "set size square\n" : "set size nosquare\n");
  // Axes that say nothing are a frame.
  text += std::string("set border ") + (plot.x.ticks || plot.y.ticks ? "3" : "15") +
          " lc rgb '#444444'\n";
  // A legend stands below; the line feed keeps it off the label.
  const bool legend = std::any_of(plot.series.begin(), plot.series.end(),
                                  [](const Series& s) { return !s.title.empty() && HasPoint(s); });
  if (legend) text += "set xlabel " + GnuplotString(plot.x.label) + ".\"\\n\"\n";
  text += legend ? "set key bmargin center horizontal Left reverse samplen 2.5 spacing 1.2\n"
                 : "unset key\n";
  // Bars first, so that they lie behind.
  std::vector<std::string> behind, elements;
  size_t nth = 0;
  for (size_t s = 0; s < plot.series.size(); ++s) {
    const Series& series = plot.series[s];
    if (!HasPoint(series)) continue;
    const std::string block = "$p" + std::to_string(panel) + "s" + std::to_string(s);
    const bool grey = series.style == SeriesStyle::kBars || series.style == SeriesStyle::kReference;
    auto& list = grey ? behind : elements;
    const size_t look = series.look < 0 ? nth : static_cast<size_t>(series.look);
    for (std::string& element : Elements(series, block, look)) list.push_back(std::move(element));
    if (!grey && series.look < 0) ++nth;
  }
  behind.insert(behind.end(), elements.begin(), elements.end());
  text += "plot ";
  for (size_t i = 0; i < behind.size(); ++i) text += (i > 0 ? ", \\\n  " : "") + behind[i];
  return text + "\n";
}

std::string Script(const Figure& figure, bool svg) {
  std::string text = GnuplotTerminal(svg, figure.width, figure.height);
  text +=
      "set datafile missing 'NaN'\n"
      "set grid lc rgb '#DDDDDD' lw 0.8 dt solid\n"
      "set rmargin 4\n"
      "set style fill solid 1.0 noborder\n";
  for (size_t p = 0; p < figure.panels.size(); ++p) text += DataBlocks(figure.panels[p], p);
  const auto panels = static_cast<int>(figure.panels.size());
  const int rows = (panels + figure.columns - 1) / figure.columns;
  if (panels > 1) {
    text += "set multiplot layout " + std::to_string(rows) + "," + std::to_string(figure.columns) +
            "\n";
  }
  for (size_t p = 0; p < figure.panels.size(); ++p) {
    text += figure.panels[p].empty() ? "set multiplot next\n" : PanelCommands(figure.panels[p], p);
  }
  if (panels > 1) text += "unset multiplot\n";
  return text;
}

void ValidateSeries(const Series& series, const std::string& name) {
  if (series.x.size() != series.y.size()) {
    throw Error(name + ": " + std::to_string(series.x.size()) + " x but " +
                std::to_string(series.y.size()) + " y");
  }
  if (series.low.size() != series.high.size() ||
      (HasBand(series) && series.low.size() != series.y.size())) {
    throw Error(name + ": its band is not as long as its points");
  }
  if (!(series.mark_size > 0) || !(series.opacity > 0 && series.opacity <= 1)) {
    throw Error(name + ": marks need a size above 0 and an opacity above 0, at most 1");
  }
  if (series.style == SeriesStyle::kBars && !(series.bar_width > 0)) {
    throw Error(name + ": bars need a width above 0");
  }
}

}  // namespace

void Figure::Validate() const {
  if (columns < 1) throw Error("a figure needs at least one column of panels");
  if (width < 100 || height < 100 || width > 8000 || height > 8000) {
    throw Error("a figure must be 100 … 8000 pixels wide and high");
  }
  if (std::all_of(panels.begin(), panels.end(), [](const Plot& plot) { return plot.empty(); })) {
    throw Error("a figure needs a panel");
  }
  for (const Plot& plot : panels) {
    if (plot.empty()) continue;
    for (const Series& series : plot.series) {
      ValidateSeries(series, "plot '" + plot.title + "', series '" + series.title + "'");
    }
    if (std::none_of(plot.series.begin(), plot.series.end(), HasPoint)) {
      throw Error("plot '" + plot.title + "': nothing to draw");
    }
  }
}

void WriteFigure(const fs::path& path, const Figure& figure) {
  const bool svg = IsSvgName(path);
  figure.Validate();
  AtomicFile file(path);
  RunGnuplot(Script(figure, svg), file.temporary_path());
  file.Commit();
}

void RequirePlots() { FindGnuplot(); }

void WritePlot(const fs::path& path, const Plot& plot) { WriteFigure(path, {.panels = {plot}}); }

}  // namespace unmask
