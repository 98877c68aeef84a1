#include "unmask/forge/self_blend.h"

#include <algorithm>
#include <cmath>
#include <opencv2/imgproc.hpp>

#include "unmask/forge/face_mask.h"
#include "unmask/media/opencv_view.h"

namespace unmask {
namespace {

void ShiftColours(cv::Mat& view, Random& random) {
  const cv::Scalar shift(Uniform(random, -20, 20), Uniform(random, -20, 20),
                         Uniform(random, -20, 20));
  cv::add(view, shift, view);
}

void ShiftHueAndSaturation(cv::Mat& view, Random& random) {
  const int hue = static_cast<int>(Uniform(random, -8, 8));  // of 180
  const double saturation = Uniform(random, 0.7, 1.3);
  cv::Mat hsv;
  cv::cvtColor(view, hsv, cv::COLOR_RGB2HSV);
  for (int y = 0; y < hsv.rows; ++y) {
    for (int x = 0; x < hsv.cols; ++x) {
      cv::Vec3b& pixel = hsv.at<cv::Vec3b>(y, x);
      pixel[0] = static_cast<uint8_t>((pixel[0] + hue + 180) % 180);
      pixel[1] = cv::saturate_cast<uint8_t>(pixel[1] * saturation);
    }
  }
  cv::cvtColor(hsv, view, cv::COLOR_HSV2RGB);
}

void ShiftBrightness(cv::Mat& view, Random& random) {
  const double contrast = Uniform(random, 0.85, 1.15);
  view.convertTo(view, -1, contrast, Uniform(random, -20, 20) + 128 * (1 - contrast));
}

void Sharpen(cv::Mat& view, double face, Random& random) {
  cv::Mat smooth;
  cv::GaussianBlur(view, smooth, {}, std::max(0.6, face / 150));
  const double amount = Uniform(random, 0.3, 1.2);
  cv::addWeighted(view, 1 + amount, smooth, -amount, 0, view);
}

// Loses fine detail as a generator of low resolution would; never below 40 pixels of face.
void Coarsen(cv::Mat& view, double face, Random& random) {
  const double factor = std::max(std::min(1.0, 40 / face), Uniform(random, 0.3, 0.8));
  cv::Mat small;
  const cv::Size size(std::max(4, cvRound(view.cols * factor)),
                      std::max(4, cvRound(view.rows * factor)));
  cv::resize(view, small, size, 0, 0, cv::INTER_AREA);
  cv::resize(small, view, view.size(), 0, 0,
             Chance(random, 0.5) ? cv::INTER_LINEAR : cv::INTER_CUBIC);
}

// The statistical difference between two pictures of one face. `face`: its width in pixels.
void Change(cv::Mat& view, double face, Random& random) {
  const bool colours = Chance(random, 0.6), hue = Chance(random, 0.4);
  const bool brightness = Chance(random, 0.5);
  if (colours) ShiftColours(view, random);
  if (hue) ShiftHueAndSaturation(view, random);
  if (brightness) ShiftBrightness(view, random);
  if (Chance(random, 0.7) || !(colours || hue || brightness)) {
    Chance(random, 0.5) ? Sharpen(view, face, random) : Coarsen(view, face, random);
  }
}

double FaceWidth(std::span<const Point> mesh) {
  const auto [low, high] = std::minmax_element(
      mesh.begin(), mesh.end(), [](const Point& a, const Point& b) { return a.x < b.x; });
  return std::max(8.0f, high->x - low->x);
}

// A small shift and scaling about the middle of the face.
cv::Matx23d Misplacement(std::span<const Point> mesh, double face, const SelfBlendOptions& options,
                         Random& random) {
  double cx = 0, cy = 0;
  for (const Point& p : mesh) {
    cx += p.x / static_cast<double>(mesh.size());
    cy += p.y / static_cast<double>(mesh.size());
  }
  const double scale =
      std::exp(Uniform(random, std::log(options.min_scale), -std::log(options.min_scale)));
  const double dx = Uniform(random, -options.max_translate_x, options.max_translate_x) * face;
  const double dy = Uniform(random, -options.max_translate_y, options.max_translate_y) * face;
  return {scale, 0, cx * (1 - scale) + dx, 0, scale, cy * (1 - scale) + dy};
}

// target + weight · (source − target), weight = mask / 255 · ratio.
void Blend(const cv::Mat& source, const Image& mask, double ratio, cv::Mat& target) {
  for (int y = 0; y < target.rows; ++y) {
    const uint8_t* weight = mask.row(y);
    const uint8_t* from = source.ptr<uint8_t>(y);
    uint8_t* to = target.ptr<uint8_t>(y);
    for (int x = 0; x < target.cols; ++x) {
      if (weight[x] == 0) continue;
      const double w = weight[x] * ratio / 255;
      for (int c = 3 * x; c < 3 * x + 3; ++c) {
        to[c] = cv::saturate_cast<uint8_t>(to[c] + w * (from[c] - to[c]));
      }
    }
  }
}

}  // namespace

RealAndFake SelfBlend(const Image& crop, std::span<const Point> mesh,
                      const SelfBlendOptions& options, Random& random) {
  static constexpr double kRatios[] = {0.25, 0.5, 0.75, 1, 1, 1};
  const auto region = static_cast<FaceRegion>(UniformInt(random, kFaceRegions));
  const Image outline = FaceMask(mesh, region, crop.width, crop.height);
  const double face = FaceWidth(mesh);

  RealAndFake pair{crop, {}};
  Image source = crop;
  cv::Mat source_view = ViewOf(source);
  cv::Mat real_view = ViewOf(pair.real);
  const bool on_target = Chance(random, 0.5) && options.change_target;
  Change(on_target ? real_view : source_view, face, random);

  const cv::Matx23d misplacement = Misplacement(mesh, face, options, random);
  cv::Mat moved;
  cv::warpAffine(source_view, moved, misplacement, source_view.size(), cv::INTER_LINEAR,
                 cv::BORDER_REFLECT_101);
  const Image mask = SoftenMask(outline, random);
  const double ratio = kRatios[UniformInt(random, std::size(kRatios))];
  pair.fake = pair.real;
  cv::Mat fake_view = ViewOf(pair.fake);
  Blend(moved, mask, ratio, fake_view);
  return pair;
}

}  // namespace unmask
