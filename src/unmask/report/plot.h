#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

namespace unmask {

// Plots as plain data. gnuplot draws them; it is looked for in PATH when a figure is written.

enum class SeriesStyle {
  kLine,        // straight lines between the points
  kSteps,       // horizontal, then vertical, as a ROC or a distribution goes
  kPoints,      // marks
  kLinePoints,  // marks joined by lines
  kBars,        // filled from 0 to y, `bar_width` wide; drawn in grey behind everything else
  kReference    // a thin grey dashed line to compare with; takes no colour of the others
};

struct Series {
  std::string title;  // in the legend; empty: not there
  // The points, in the order in which they are joined. A value that is not finite leaves a gap.
  std::vector<double> x;
  std::vector<double> y;
  SeriesStyle style = SeriesStyle::kLine;
  // Empty, or as long as y: a band around a line, or error bars at marks.
  std::vector<double> low;
  std::vector<double> high;
  double bar_width = 0;  // kBars only, in units of x
  // Which of the colours, dashes and marks, counted from 0; -1: the next one. Series that share one
  // belong together.
  int look = -1;
  double mark_size = 0.8;  // of kPoints and kLinePoints; in the legend at least 0.8
  double opacity = 1;      // of the marks of kPoints, above 0 … 1
};

struct Axis {
  std::string label;
  std::optional<double> low;  // ends of the axis; by default where the data end
  std::optional<double> high;
  bool logarithmic = false;  // values ≤ 0 are then left out
  bool ticks = true;         // numbers, and lines of the grid
  // Shown at 1, 2, 3, … instead of numbers; slanted where they are long.
  std::vector<std::string> names = {};
};

struct Plot {
  std::string title;
  Axis x;
  Axis y;
  std::vector<Series> series;
  bool square = false;  // both axes are equally long on paper

  bool empty() const { return title.empty() && series.empty(); }
};

struct Figure {
  std::vector<Plot> panels;  // row by row; one without title and series leaves its place empty
  int columns = 1;
  int width = 800;  // pixels of the whole figure
  int height = 600;

  // Throws Error naming the panel and the rule that it breaks: unequal lengths, nothing to draw.
  void Validate() const;
};

// Draws the figure to `path`, atomically. The suffix decides: ".svg", or ".png" with twice the
// pixels each way, for sharp print. Colours can be told apart by the colour-blind (Okabe and Ito),
// lines also by their dashes; the legend stands below the panel, never on the lines. Titles may
// hold anything. Throws UsageError for another suffix, Error as Figure::Validate() does, when the
// file cannot be written and when gnuplot is missing or fails.
void WriteFigure(const std::filesystem::path& path, const Figure& figure);

// Throws the Error that WriteFigure() would throw where gnuplot is not installed: for those who
// work long before they draw.
void RequirePlots();

// A figure of one panel.
void WritePlot(const std::filesystem::path& path, const Plot& plot);

}  // namespace unmask
