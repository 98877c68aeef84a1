#include "unmask/forge/appearance.h"

#include <algorithm>
#include <cmath>
#include <opencv2/imgproc.hpp>

#include "unmask/media/opencv_view.h"

namespace unmask {
namespace {

constexpr double kSmallestFace = 40;  // pixels; below nothing is left to judge

void ShiftColours(cv::Mat& view, double strength, Random& random) {
  cv::Scalar shift;
  for (int c = 0; c < 3; ++c) shift[c] = strength * Uniform(random, -20, 20);
  cv::add(view, shift, view);
}

// In floating point: whole steps of hue and saturation would leave a trace of their own.
void ShiftHueAndSaturation(cv::Mat& view, double strength, Random& random) {
  const auto hue = static_cast<float>(strength * Uniform(random, -12, 12));  // degrees
  const auto saturation = static_cast<float>(1 + strength * Uniform(random, -0.3, 0.3));
  const auto value = static_cast<float>(1 + strength * Uniform(random, -0.1, 0.1));
  cv::Mat hsv;
  view.convertTo(hsv, CV_32F, 1.0 / 255);
  cv::cvtColor(hsv, hsv, cv::COLOR_RGB2HSV);
  for (int y = 0; y < hsv.rows; ++y) {
    auto* row = hsv.ptr<float>(y);
    for (int x = 0; x < 3 * hsv.cols; x += 3) {
      row[x] += hue;
      if (row[x] < 0) row[x] += 360;
      if (row[x] >= 360) row[x] -= 360;
      row[x + 1] = std::min(1.f, row[x + 1] * saturation);
      row[x + 2] = std::min(1.f, row[x + 2] * value);
    }
  }
  cv::cvtColor(hsv, hsv, cv::COLOR_HSV2RGB);
  hsv.convertTo(view, CV_8U, 255);
}

void ShiftBrightness(cv::Mat& view, double strength, Random& random) {
  const double contrast = 1 + strength * Uniform(random, -0.1, 0.1);
  const double brightness = strength * Uniform(random, -25, 25);
  view.convertTo(view, -1, contrast, brightness + 128 * (1 - contrast));
}

void Sharpen(cv::Mat& view, double face, double strength, Random& random) {
  cv::Mat smooth;
  cv::GaussianBlur(view, smooth, {}, std::max(0.6, face / 150));
  const double amount = strength * Uniform(random, 0.3, 1.2);
  cv::addWeighted(view, 1 + amount, smooth, -amount, 0, view);
}

void Coarsen(cv::Mat& view, double face, double strength, Random& random) {
  const double wanted = std::exp2(Uniform(random, -2, -0.3));
  const double factor = std::max(std::min(1.0, kSmallestFace / face), wanted);
  const cv::Size size(std::max(4, cvRound(view.cols * factor)),
                      std::max(4, cvRound(view.rows * factor)));
  cv::Mat coarse;
  cv::resize(view, coarse, size, 0, 0, cv::INTER_AREA);
  cv::resize(coarse, coarse, view.size(), 0, 0,
             Chance(random, 0.5) ? cv::INTER_LINEAR : cv::INTER_CUBIC);
  cv::addWeighted(coarse, strength, view, 1 - strength, 0, view);
}

}  // namespace

void ChangeAppearance(Image& image, double face, double strength, Random& random) {
  cv::Mat view = ViewOf(image);
  const bool colours = Chance(random, 0.5), hue = Chance(random, 0.4);
  const bool brightness = Chance(random, 0.6);
  if (colours) ShiftColours(view, strength, random);
  if (hue) ShiftHueAndSaturation(view, strength, random);
  if (brightness) ShiftBrightness(view, strength, random);
  ChangeSharpness(image, face, strength, random);
}

void ChangeSharpness(Image& image, double face, double strength, Random& random) {
  cv::Mat view = ViewOf(image);
  Chance(random, 0.5) ? Sharpen(view, face, strength, random)
                      : Coarsen(view, face, strength, random);
}

}  // namespace unmask
