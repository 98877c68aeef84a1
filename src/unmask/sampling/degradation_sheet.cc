#include "unmask/sampling/degradation_sheet.h"

#include <cstdio>
#include <opencv2/imgproc.hpp>
#include <string>
#include <vector>

#include "unmask/base/error.h"
#include "unmask/media/opencv_view.h"

namespace unmask {
namespace {

constexpr int kSteps = 6;   // of the strength
constexpr int kText = 44;   // pixels of the two lines above a row
constexpr int kMargin = 8;  // pixels

// 0.5, 12, -0.04: as short as it can be.
std::string Number(double value) {
  char text[32];
  std::snprintf(text, sizeof text, "%.3g", value);
  return text;
}

// The drawing functions know no letters beyond ASCII.
std::string Ascii(std::string text) {
  for (size_t at = 0; (at = text.find("σ")) != std::string::npos;) {
    text.replace(at, std::string("σ").size(), "sigma");
  }
  return text;
}

struct Row {
  std::string title;
  std::vector<Image> faces;
  std::vector<std::string> strengths;
};

// Of these the larger number is the weaker degradation.
bool FallsWithStrength(size_t index) {
  const auto which = static_cast<Degradation>(index);
  return which == Degradation::kResolution || which == Degradation::kDownScale ||
         which == Degradation::kJpeg || which == Degradation::kJpegAgain;
}

Row MakeRow(const Image& face, const AugmentOptions& options, size_t index) {
  const DegradationKind& kind = Degradations()[index];
  const DegradationLevel& level = options.levels[static_cast<Degradation>(index)];
  Row row{std::string(kind.name), {}, {}};
  char chance[32];
  std::snprintf(chance, sizeof chance, ": %.0f %% of the faces", 100 * level.probability);
  row.title += chance;
  AugmentOptions alone = options;
  alone.strength = 1;
  alone.levels = DegradationLevels::None();
  if (kind.unit.empty()) {
    alone.levels[static_cast<Degradation>(index)] = {1, 0, 0};
    Random random(1);
    row.faces.push_back(std::move(AugmentTogether({&face, 1}, alone, random)[0]));
    return row;
  }
  row.title +=
      ", " + Number(level.low) + " to " + Number(level.high) + " " + Ascii(std::string(kind.unit));
  for (int step = 0; step < kSteps; ++step) {
    const int at = FallsWithStrength(index) ? kSteps - 1 - step : step;
    const double strength = level.low + (level.high - level.low) * at / (kSteps - 1);
    row.strengths.push_back(Number(strength));
    alone.levels[static_cast<Degradation>(index)] = {1, strength, strength};
    Random random(1);  // everything but the strength stays along the row
    row.faces.push_back(std::move(AugmentTogether({&face, 1}, alone, random)[0]));
  }
  return row;
}

}  // namespace

Image DegradationSheet(const Image& face, const AugmentOptions& options) {
  std::vector<Row> rows;
  for (size_t i = 0; i < kDegradations; ++i) {
    if (options.levels[static_cast<Degradation>(i)].probability > 0) {
      rows.push_back(MakeRow(face, options, i));
    }
  }
  if (rows.empty()) throw UsageError("every degradation is off", "Leave out some --degradation");
  const Image plain = CentreCrop(face, options);
  const int size = options.output_size, pitch = size + kMargin, height = size + kText + kMargin;
  Image sheet(kMargin + (kSteps + 1) * pitch, kMargin + static_cast<int>(rows.size()) * height);
  cv::Mat view = ViewOf(sheet);
  view.setTo(cv::Scalar(255, 255, 255));
  for (size_t r = 0; r < rows.size(); ++r) {
    const int top = kMargin + static_cast<int>(r) * height;
    const auto write = [&](const std::string& text, int left, int baseline, double scale) {
      cv::putText(view, text, {left, top + baseline}, cv::FONT_HERSHEY_SIMPLEX, scale,
                  cv::Scalar(0, 0, 0), 1, cv::LINE_AA);
    };
    write(rows[r].title, kMargin, 18, 0.6);
    write("as it is", kMargin, kText - 6, 0.45);
    ViewOf(plain).copyTo(view(cv::Rect(kMargin, top + kText, size, size)));
    for (size_t i = 0; i < rows[r].faces.size(); ++i) {
      const int left = kMargin + static_cast<int>(i + 1) * pitch;
      if (i < rows[r].strengths.size()) write(rows[r].strengths[i], left, kText - 6, 0.45);
      ViewOf(rows[r].faces[i]).copyTo(view(cv::Rect(left, top + kText, size, size)));
    }
  }
  return sheet;
}

}  // namespace unmask
