#include "unmask/report/critical_difference.h"

#include <algorithm>
#include <numeric>
#include <utility>

#include "unmask/base/atomic_file.h"
#include "unmask/base/error.h"
#include "unmask/base/text.h"
#include "unmask/report/comparison_text.h"
#include "unmask/report/gnuplot.h"
#include "unmask/report/text_table.h"

namespace unmask {
namespace {

// Logical pixels; y grows downwards.
constexpr double kCharacter = 9.2;  // a wide one of the font of 14 pixels
constexpr double kRow = 24;         // between labels
constexpr double kBar = 10;         // between bars
constexpr double kMargin = 16;
constexpr double kLeastAxis = 300;
constexpr size_t kLongestName = 40;  // characters

struct Label {
  std::string text;
  double rank = 0;
};

class Drawing {
 public:
  explicit Drawing(const CriticalDifferenceDiagram& diagram)
      : diagram_(diagram), methods_(diagram.names.size()) {
    const FriedmanTest& test = diagram.friedman;
    critical_ = NemenyiCriticalDifference(methods_, test.blocks, diagram.alpha);
    std::vector<size_t> order(methods_);
    std::iota(order.begin(), order.end(), size_t{0});
    std::stable_sort(order.begin(), order.end(), [&](size_t a, size_t b) {
      return test.average_ranks[a] < test.average_ranks[b];
    });
    size_t longest = 0;
    for (size_t i = 0; i < methods_; ++i) {
      const double rank = test.average_ranks[order[i]];
      const std::string name = CutMiddle(diagram.names[order[i]], kLongestName);
      const std::string number = FormatFixed(rank, 2);
      const bool left = i < (methods_ + 1) / 2;
      const std::vector<std::string> parts = {left ? name : number, left ? number : name};
      labels_.push_back({Join(parts, "  "), rank});
      longest = std::max(longest, WidthOf(labels_.back().text));
    }
    const double side = kMargin + kCharacter * static_cast<double>(longest) + 12;
    width_ = std::max(static_cast<double>(diagram.width), 2 * side + kLeastAxis);
    axis_left_ = side;
    axis_right_ = width_ - side;
    LayOutBars(RankCliques(test.average_ranks, critical_));
    axis_y_ = kMargin + (diagram.title.empty() ? 0 : 34) + 80;
    first_label_y_ = axis_y_ + kBar * static_cast<double>(bar_rows_.size()) + 34;
    const size_t rows = (methods_ + 1) / 2;
    height_ = first_label_y_ + kRow * static_cast<double>(rows) + 30;
  }

  std::string Script(bool svg) {
    text_ = GnuplotTerminal(svg, static_cast<int>(width_), static_cast<int>(height_)) +
            "set lmargin 0\nset rmargin 0\nset tmargin 0\nset bmargin 0\nunset border\n"
            "unset tics\nunset key\nset xrange [0:" +
            FormatFixed(width_, 0) + "]\nset yrange [" + FormatFixed(height_, 0) + ":0]\n";
    if (!diagram_.title.empty()) {
      Text(width_ / 2, kMargin + 10, diagram_.title, "center", "#000000");
    }
    DrawCriticalDifference();
    DrawAxis();
    for (size_t row = 0; row < bar_rows_.size(); ++row) {
      const double y = axis_y_ + 16 + kBar * static_cast<double>(row);
      for (const auto& [first, last] : bar_rows_[row])
        Line(X(first) - 4, y, X(last) + 4, y, 5, kBlue);
    }
    for (size_t i = 0; i < methods_; ++i) DrawMethod(i);
    Text(width_ / 2, height_ - 18,
         "Friedman test over " + CountOf(diagram_.friedman.blocks, "block") + ": " +
             PText(diagram_.friedman.p_f) + "; a bar joins what cannot be told apart",
         "center", kGrey);
    return text_ + "plot NaN notitle\n";
  }

 private:
  static constexpr char kGrey[] = "#555555";
  static constexpr char kBlack[] = "#000000";
  static constexpr char kBlue[] = "#0072B2";

  double X(double rank) const {
    const double share = (rank - 1) / static_cast<double>(methods_ - 1);
    return axis_left_ + share * (axis_right_ - axis_left_);
  }

  // Bars that do not touch share a row.
  void LayOutBars(const std::vector<std::vector<size_t>>& cliques) {
    for (const std::vector<size_t>& clique : cliques) {
      const double first = diagram_.friedman.average_ranks[clique.front()];
      const double last = diagram_.friedman.average_ranks[clique.back()];
      const auto free = std::find_if(bar_rows_.begin(), bar_rows_.end(), [&](const auto& row) {
        return X(row.back().second) + 14 < X(first);
      });
      if (free == bar_rows_.end()) {
        bar_rows_.push_back({{first, last}});
      } else {
        free->push_back({first, last});
      }
    }
  }

  void DrawCriticalDifference() {
    const std::string words = "critical difference " + FormatFixed(critical_, 2) +
                              " (Nemenyi, α = " + FormatFixed(diagram_.alpha, 2) + ")";
    const double y = axis_y_ - 44;
    const double end =
        axis_left_ + critical_ / static_cast<double>(methods_ - 1) * (axis_right_ - axis_left_);
    Text(axis_left_, y - 18, words, "left", kBlack);
    Line(axis_left_, y, std::min(end, width_ - kMargin), y, 2, kBlack);
    Line(axis_left_, y - 5, axis_left_, y + 5, 2, kBlack);
    // A bar without its end goes on.
    if (end <= width_ - kMargin) Line(end, y - 5, end, y + 5, 2, kBlack);
  }

  void DrawAxis() {
    Line(axis_left_, axis_y_, axis_right_, axis_y_, 1.5, kBlack);
    for (size_t half = 2; half <= 2 * methods_; ++half) {
      const double rank = static_cast<double>(half) / 2;
      const bool whole = half % 2 == 0;
      Line(X(rank), axis_y_ - (whole ? 7 : 4), X(rank), axis_y_, 1, kBlack);
      if (whole) Text(X(rank), axis_y_ - 18, std::to_string(half / 2), "center", kBlack);
    }
  }

  // The first half on the left, the best on top; the rest on the right, the worst on top. So no
  // line crosses another.
  void DrawMethod(size_t i) {
    const size_t on_left = (methods_ + 1) / 2;
    const bool left = i < on_left;
    const size_t row = left ? i : methods_ - 1 - i;
    const double x = X(labels_[i].rank);
    const double y = first_label_y_ + kRow * static_cast<double>(row);
    const double edge = left ? axis_left_ - 12 : axis_right_ + 12;
    Line(x, axis_y_, x, y, 1, kGrey);
    Line(x, y, edge, y, 1, kGrey);
    text_ += "set object circle at " + FormatFixed(x, 1) + "," + FormatFixed(axis_y_, 1) +
             " size 3.5 fc rgb '" + kBlue + "' fs solid noborder front\n";
    Text(left ? edge - 6 : edge + 6, y, labels_[i].text, left ? "right" : "left", kBlack);
  }

  void Line(double x0, double y0, double x1, double y1, double width, const std::string& colour) {
    text_ += "set arrow from " + FormatFixed(x0, 1) + "," + FormatFixed(y0, 1) + " to " +
             FormatFixed(x1, 1) + "," + FormatFixed(y1, 1) + " nohead lw " + FormatFixed(width, 1) +
             " lc rgb '" + colour + "'\n";
  }

  void Text(double x, double y, const std::string& text, const std::string& place,
            const std::string& colour) {
    text_ += "set label " + GnuplotString(text) + " at " + FormatFixed(x, 1) + "," +
             FormatFixed(y, 1) + " " + place + " tc rgb '" + colour + "'\n";
  }

  const CriticalDifferenceDiagram& diagram_;
  const size_t methods_;
  double critical_ = 0;
  std::vector<Label> labels_;  // by rising rank
  std::vector<std::vector<std::pair<double, double>>> bar_rows_;
  double width_ = 0, height_ = 0, axis_left_ = 0, axis_right_ = 0, axis_y_ = 0, first_label_y_ = 0;
  std::string text_;
};

}  // namespace

void WriteCriticalDifference(const std::filesystem::path& path,
                             const CriticalDifferenceDiagram& diagram) {
  const bool svg = IsSvgName(path);
  if (diagram.names.size() != diagram.friedman.average_ranks.size()) {
    throw Error("a critical-difference diagram of " +
                std::to_string(diagram.friedman.average_ranks.size()) + " ranks has " +
                std::to_string(diagram.names.size()) + " names");
  }
  const std::string script = Drawing(diagram).Script(svg);
  AtomicFile file(path);
  RunGnuplot(script, file.temporary_path());
  file.Commit();
}

}  // namespace unmask
