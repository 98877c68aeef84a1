#include "unmask/explain/draw_map.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <opencv2/imgproc.hpp>

#include "unmask/base/error.h"
#include "unmask/base/text.h"
#include "unmask/media/opencv_view.h"

namespace unmask {
namespace {

constexpr int kFont = cv::FONT_HERSHEY_SIMPLEX;
const cv::Scalar kWhite(255, 255, 255);
const cv::Scalar kBlack(0, 0, 0);
const cv::Scalar kGround(119, 119, 119);  // of the bar: what lies under the colours
constexpr double kOpacity = 0.75;         // of the value 1

// Viridis by value 0 … 255, red, green, blue.
const std::array<cv::Vec3b, 256>& Colours() {
  static const std::array<cv::Vec3b, 256> colours = [] {
    cv::Mat ramp(1, 256, CV_8UC1), coloured;
    for (int i = 0; i < 256; ++i) ramp.at<uchar>(i) = static_cast<uchar>(i);
    cv::applyColorMap(ramp, coloured, cv::COLORMAP_VIRIDIS);
    std::array<cv::Vec3b, 256> list;
    for (int i = 0; i < 256; ++i) {
      const auto bgr = coloured.at<cv::Vec3b>(i);
      list[i] = {bgr[2], bgr[1], bgr[0]};
    }
    return list;
  }();
  return colours;
}

// Near 0 nothing is seen; the face is never lost.
double Opacity(double value) { return kOpacity * value * (2 - value); }

void Blend(cv::Vec3b& pixel, double value) {
  const double opacity = Opacity(value);
  const cv::Vec3b& colour = Colours()[static_cast<size_t>(std::lround(255 * value))];
  for (int c = 0; c < 3; ++c) {
    pixel[c] = cv::saturate_cast<uchar>((1 - opacity) * pixel[c] + opacity * colour[c]);
  }
}

// The map on `size` × `size` pixels in 0 … 1; cubic, so that cells do not show as diamonds.
cv::Mat Enlarged(const HeatMap& map, int width, int height, double scale) {
  const cv::Mat cells(map.height, map.width, CV_32F, const_cast<float*>(map.values.data()));
  cv::Mat large;
  cv::resize(cells, large, {width, height}, 0, 0, cv::INTER_CUBIC);
  large /= scale;
  return cv::min(cv::max(large, 0.0f), 1.0f);
}

std::string Ascii(std::string text) {
  std::string plain;
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if ((byte & 0xc0) == 0x80) continue;  // one mark for each character
    plain += byte < 0x20 || byte > 0x7e ? '?' : c;
  }
  return plain;
}

struct Ink {
  int height;  // of a capital letter, pixels
  int stroke;
  double scale;
};

Ink InkOf(int height) {
  const int stroke = std::max(1, static_cast<int>(std::lround(height / 12.0)));
  return {height, stroke, cv::getFontScaleFromHeight(kFont, height, stroke)};
}

int WidthOf(const std::string& text, const Ink& ink) {
  int baseline = 0;
  return cv::getTextSize(text, kFont, ink.scale, ink.stroke, &baseline).width;
}

// The text, cut where it would be wider than `width`.
std::string Fitting(std::string text, int width, const Ink& ink) {
  text = Ascii(std::move(text));
  if (WidthOf(text, ink) <= width) return text;
  while (!text.empty() && WidthOf(text + "..", ink) > width) text.pop_back();
  return text + "..";
}

// `at`: the left end of the base line.
void Write(cv::Mat& canvas, const std::string& text, cv::Point at, const Ink& ink) {
  cv::putText(canvas, text, at, kFont, ink.scale, kBlack, ink.stroke, cv::LINE_AA);
}

void Paste(cv::Mat& canvas, const Image& image, const cv::Rect& place) {
  cv::Mat target = canvas(place);
  cv::resize(ViewOf(image), target, place.size(), 0, 0,
             image.width > place.width ? cv::INTER_AREA : cv::INTER_CUBIC);
}

// The colours from 0 at the bottom to 1 at the top, over grey.
void DrawBar(cv::Mat& canvas, const cv::Rect& place) {
  cv::rectangle(canvas, place, kGround, cv::FILLED);
  for (int y = 0; y < place.height; ++y) {
    const double value = 1 - (y + 0.5) / place.height;
    for (int x = 0; x < place.width; ++x) {
      Blend(canvas.at<cv::Vec3b>(place.y + y, place.x + x), value);
    }
  }
  cv::rectangle(canvas, place, kBlack, 1);
}

}  // namespace

Image DrawMapOn(const Image& crop, const HeatMap& map, double scale) {
  Image drawn = crop;
  if (map.empty() || !(scale > 0)) return drawn;
  cv::Mat canvas = ViewOf(drawn);
  const cv::Mat values = Enlarged(map, drawn.width, drawn.height, scale);
  for (int y = 0; y < drawn.height; ++y) {
    for (int x = 0; x < drawn.width; ++x) Blend(canvas.at<cv::Vec3b>(y, x), values.at<float>(y, x));
  }
  return drawn;
}

void DrawMapOnFrame(Image& frame, const HeatMap& map, const Similarity& crop_from_frame,
                    int crop_size, double scale) {
  if (map.empty() || !(scale > 0)) return;
  cv::Mat canvas = ViewOf(frame);
  const Similarity frame_from_crop = crop_from_frame.Inverse();
  const auto side = static_cast<float>(crop_size);
  std::vector<cv::Point2f> corners;
  for (const Point corner : {Point{0, 0}, Point{side, 0}, Point{side, side}, Point{0, side}}) {
    const Point p = frame_from_crop(corner);
    if (!(std::fabs(p.x) < 1e6f && std::fabs(p.y) < 1e6f)) return;
    corners.emplace_back(p.x, p.y);
  }
  const cv::Rect seen = cv::boundingRect(corners) & cv::Rect({}, canvas.size());
  const cv::Mat values = Enlarged(map, crop_size, crop_size, scale);
  for (int y = seen.y; y < seen.y + seen.height; ++y) {
    for (int x = seen.x; x < seen.x + seen.width; ++x) {
      const Point p = crop_from_frame({static_cast<float>(x) + 0.5f, static_cast<float>(y) + 0.5f});
      if (!(p.x >= 0 && p.x < side && p.y >= 0 && p.y < side)) continue;
      Blend(canvas.at<cv::Vec3b>(y, x),
            values.at<float>(static_cast<int>(p.y), static_cast<int>(p.x)));
    }
  }
}

Image DrawExplainedCrop(const Image& crop, const HeatMap& map, double scale,
                        const std::string& title, const std::string& footer, int size) {
  const int margin = std::max(4, size / 32);
  const Ink ink = InkOf(std::max(7, size / 36));
  const int line = ink.height + 2 * margin;
  const int bar = std::max(8, size / 24);
  Image image(2 * size + 4 * margin + bar + WidthOf("0", ink), size + 2 * line);
  cv::Mat canvas = ViewOf(image);
  canvas.setTo(kWhite);
  const int width = canvas.cols - 2 * margin;
  Write(canvas, Fitting(title, width, ink), {margin, margin + ink.height}, ink);
  Write(canvas, Fitting(footer, width, ink), {margin, canvas.rows - margin}, ink);
  Paste(canvas, crop, {margin, line, size, size});
  Paste(canvas, DrawMapOn(crop, map, scale), {2 * margin + size, line, size, size});
  const cv::Rect place(3 * margin + 2 * size, line, bar, size);
  DrawBar(canvas, place);
  const int beside = place.x + bar + margin / 2;
  Write(canvas, "1", {beside, line + ink.height}, ink);
  Write(canvas, "0", {beside, line + size}, ink);
  return image;
}

Image DrawMapGrid(const MapGrid& grid, int cell_size) {
  if (grid.models.empty() || grid.rows.empty() || grid.faces.size() != grid.rows.size()) {
    throw Error("a grid of maps needs a name for each of its faces and models");
  }
  for (const auto& row : grid.rows) {
    if (row.size() != grid.models.size()) throw Error("a row of a grid of maps is not complete");
  }
  const int gap = std::max(4, cell_size / 28);
  const Ink ink = InkOf(std::max(7, cell_size / 19));
  const int text = ink.height + 2 * gap;
  const auto columns = static_cast<int>(grid.models.size()) + 1;
  const auto rows = static_cast<int>(grid.rows.size());
  const int width_of_bar = cell_size / 12 + WidthOf("0", ink) + 2 * gap;
  Image image(gap + columns * (cell_size + gap) + width_of_bar,
              text + rows * (cell_size + text) + text);
  cv::Mat canvas = ViewOf(image);
  canvas.setTo(kWhite);
  Write(canvas,
        Fitting("colour: from 0 to the largest value of each picture by itself",
                canvas.cols - 2 * gap, ink),
        {gap, canvas.rows - gap}, ink);
  const auto left_of = [&](int column) { return gap + column * (cell_size + gap); };
  const auto centred = [&](const std::string& label, int column, int base) {
    const std::string fitting = Fitting(label, cell_size, ink);
    const int x = left_of(column) + (cell_size - WidthOf(fitting, ink)) / 2;
    Write(canvas, fitting, {x, base}, ink);
  };
  for (int c = 1; c < columns; ++c) centred(grid.models[c - 1], c, gap + ink.height);
  for (int r = 0; r < rows; ++r) {
    const int top = text + r * (cell_size + text);
    Paste(canvas, grid.rows[r][0].crop, {left_of(0), top, cell_size, cell_size});
    centred(grid.faces[r], 0, top + cell_size + gap + ink.height);
    for (int c = 1; c < columns; ++c) {
      const MapGrid::Cell& cell = grid.rows[r][c - 1];
      Paste(canvas, DrawMapOn(cell.crop, cell.map, cell.map.Largest()),
            {left_of(c), top, cell_size, cell_size});
      centred("P(fake) " + FormatFixed(100 * cell.score, 0) + " %", c,
              top + cell_size + gap + ink.height);
    }
  }
  const cv::Rect bar(left_of(columns), text, cell_size / 12, cell_size);
  DrawBar(canvas, bar);
  const int beside = bar.x + bar.width + gap / 2;
  Write(canvas, "1", {beside, bar.y + ink.height}, ink);
  Write(canvas, "0", {beside, bar.y + bar.height}, ink);
  return image;
}

}  // namespace unmask
