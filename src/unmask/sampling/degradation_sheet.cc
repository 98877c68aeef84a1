#include "unmask/sampling/degradation_sheet.h"

#include <cstring>
#include <opencv2/imgproc.hpp>
#include <string>
#include <vector>

#include "unmask/base/text.h"
#include "unmask/media/opencv_view.h"

namespace unmask {
namespace {

constexpr int kFont = cv::FONT_HERSHEY_SIMPLEX;
constexpr int kColumns = 7;
constexpr int kGap = 6;       // pixels
constexpr int kHeading = 30;  // height of the band above a row
constexpr int kCaption = 20;  // height of the band below a face
constexpr uint64_t kSeed = 6;

// Two digits behind the point where they count.
std::string Short(double value) {
  const std::string text = FormatFixed(value, value < 10 && value > -10 ? 2 : 0);
  return text.ends_with(".00") ? text.substr(0, text.size() - 3) : text;
}

std::string HeadingOf(const DegradationKind& kind, const DegradationLevel& level) {
  std::string text = std::string(kind.name) + ": " + std::string(kind.summary);
  if (!kind.unit.empty()) {
    std::string unit(kind.unit);
    if (unit.starts_with("σ")) unit = "sigma" + unit.substr(std::strlen("σ"));  // the font lacks it
    text += "; " + unit + " " + Short(level.low) + " to " + Short(level.high);
  }
  return text + "; probability " + Short(level.probability);
}

void Write(const std::string& text, cv::Point at, double scale, cv::Mat& sheet) {
  cv::putText(sheet, text, at, kFont, scale, cv::Scalar::all(0), 1, cv::LINE_AA);
}

// The crop under one degradation alone, with a strength from [low, high].
Image Show(const Image& crop, AugmentOptions options, size_t which, double low, double high) {
  options.strength = 1;
  options.levels = DegradationLevels::None();
  options.levels[static_cast<Degradation>(which)] = {1, low, high};
  Random random(kSeed);
  return AugmentTogether({&crop, 1}, options, random)[0];
}

}  // namespace

Image DegradationSheet(const Image& crop, const AugmentOptions& options) {
  options.Validate();
  const int side = options.output_size;
  const int row_height = kHeading + side + kCaption;
  const auto kinds = Degradations();
  Image sheet(kGap + kColumns * (side + kGap), static_cast<int>(kinds.size()) * row_height + kGap);
  std::memset(sheet.data.data(), 255, sheet.data.size());
  cv::Mat view = ViewOf(sheet);
  for (size_t i = 0; i < kinds.size(); ++i) {
    const DegradationLevel& level = options.levels[static_cast<Degradation>(i)];
    const int top = static_cast<int>(i) * row_height;
    Write(HeadingOf(kinds[i], level), {2 * kGap, top + kHeading - 9}, 0.55, view);
    const int columns = kinds[i].unit.empty() ? 1 : kColumns;
    for (int c = 0; c < columns; ++c) {
      const double share = columns > 1 ? static_cast<double>(c) / (columns - 1) : 0;
      const double strength = level.low + share * (level.high - level.low);
      const Image shown = Show(crop, options, i, strength, strength);
      const int left = kGap + c * (side + kGap);
      ViewOf(shown).copyTo(view(cv::Rect(left, top + kHeading, side, side)));
      if (columns > 1) {
        Write(Short(strength), {left + 4, top + kHeading + side + kCaption - 6}, 0.45, view);
      }
    }
  }
  return sheet;
}

}  // namespace unmask
