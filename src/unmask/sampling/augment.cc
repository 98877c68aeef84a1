#include "unmask/sampling/augment.h"

#include <algorithm>
#include <cmath>
#include <numbers>
#include <opencv2/imgproc.hpp>

#include "unmask/base/error.h"
#include "unmask/face/alignment.h"
#include "unmask/media/opencv_view.h"
#include "unmask/media/picture.h"

namespace unmask {
namespace {

// Everything one draw decides, so that it can be applied to any number of images alike.
struct Draw {
  bool flip = false;
  double scale = 1, angle = 0, shift_x = 0, shift_y = 0;  // angle in radians, shifts of the width
  double gain = 1, offset = 0, gamma = 1, saturation = 1;
  double red = 0, blue = 0;  // colour cast, grey levels
  double blur_sigma = 0;     // pixels
  double motion_length = 0, motion_angle = 0;
  double noise_sigma = 0;  // grey levels
  uint64_t noise_seed = 0;
  double down_scale = 1;  // the picture was once this much smaller
  int up_interpolation = cv::INTER_LINEAR;
  std::vector<int> jpeg_qualities;  // one pass each
};

Draw DrawGeometry(const AugmentOptions& options, Random& random) {
  const double s = options.strength;
  Draw draw;
  draw.flip = Chance(random, s > 0 ? 0.5 : 0.0);
  draw.scale = std::exp(Uniform(random, -0.10, 0.10) * s);
  draw.angle = Uniform(random, -6, 6) * s * std::numbers::pi / 180;
  draw.shift_x = Uniform(random, -0.04, 0.04) * s;
  draw.shift_y = Uniform(random, -0.04, 0.04) * s;
  return draw;
}

void DrawColour(Draw& draw, double s, Random& random) {
  if (Chance(random, 0.5 * s)) {
    draw.gain = std::exp(Uniform(random, -0.25, 0.25));
    draw.offset = Uniform(random, -20, 20);
    draw.gamma = std::exp(Uniform(random, -0.25, 0.25));
  }
  if (Chance(random, 0.3 * s)) {
    draw.saturation = Uniform(random, 0.3, 1.5);
    draw.red = Uniform(random, -12, 12);
    draw.blue = Uniform(random, -12, 12);
  }
  if (Chance(random, 0.05 * s)) draw.saturation = 0;
}

// Order of the world: optics blur, the sensor adds noise, the upload scales, the codec compresses.
void DrawDegradation(Draw& draw, const AugmentOptions& options, Random& random) {
  const double s = options.strength;
  if (Chance(random, 0.2 * s)) draw.blur_sigma = Uniform(random, 0.3, 1.5);
  if (Chance(random, 0.08 * s)) {
    draw.motion_length = Uniform(random, 3, 9);
    draw.motion_angle = Uniform(random, 0, std::numbers::pi);
  }
  if (Chance(random, 0.2 * s)) draw.noise_sigma = Uniform(random, 1, 8);
  draw.noise_seed = random();
  if (Chance(random, 0.4 * s)) {
    // A face fills 1 / output_scale of the crop and is never made smaller than 56 pixels.
    const double face = options.output_size / options.output_scale;
    draw.down_scale = Uniform(random, std::min(1.0, 56.0 / face), 1.0);
  }
  static constexpr int kInterpolations[] = {cv::INTER_LINEAR, cv::INTER_CUBIC, cv::INTER_AREA};
  draw.up_interpolation = kInterpolations[UniformInt(random, 3)];
  if (Chance(random, 0.7 * s)) {
    draw.jpeg_qualities.push_back(static_cast<int>(Uniform(random, 30, 96)));
    if (Chance(random, 0.25)) {
      draw.jpeg_qualities.push_back(static_cast<int>(Uniform(random, 50, 96)));
    }
  }
}

// One antialiased warp from the stored crop to the output.
Image Warp(const Image& image, const AugmentOptions& options, const Draw& draw) {
  const double size = options.output_size;
  const double zoom = size / image.width * options.input_scale / options.output_scale * draw.scale;
  const double a = zoom * std::cos(draw.angle);
  const double b = zoom * std::sin(draw.angle);
  const double centre = image.width / 2.0;
  const Similarity out_from_in = {a, b, size / 2 + draw.shift_x * size - (a * centre - b * centre),
                                  size / 2 + draw.shift_y * size - (b * centre + a * centre)};
  return WarpCrop(image, out_from_in, options.output_size);
}

cv::Mat ToneTable(const Draw& draw) {
  cv::Mat table(1, 256, CV_8UC3);
  for (int v = 0; v < 256; ++v) {
    const double tone =
        255 * std::pow(std::clamp((v * draw.gain + draw.offset) / 255, 0.0, 1.0), draw.gamma);
    table.at<cv::Vec3b>(0, v) = {cv::saturate_cast<uint8_t>(tone + draw.red),
                                 cv::saturate_cast<uint8_t>(tone),
                                 cv::saturate_cast<uint8_t>(tone + draw.blue)};
  }
  return table;
}

void ApplyColour(cv::Mat& view, const Draw& draw) {
  if (draw.gain != 1 || draw.offset != 0 || draw.gamma != 1 || draw.red != 0 || draw.blue != 0) {
    cv::LUT(view, ToneTable(draw), view);
  }
  if (draw.saturation != 1) {
    cv::Mat grey, three;
    cv::cvtColor(view, grey, cv::COLOR_RGB2GRAY);
    cv::cvtColor(grey, three, cv::COLOR_GRAY2RGB);
    cv::addWeighted(view, draw.saturation, three, 1 - draw.saturation, 0, view);
  }
}

void ApplyMotion(cv::Mat& view, const Draw& draw) {
  const int size = 2 * static_cast<int>(std::ceil(draw.motion_length / 2)) + 1;
  cv::Mat kernel = cv::Mat::zeros(size, size, CV_32F);
  const double dx = std::cos(draw.motion_angle) * draw.motion_length / 2;
  const double dy = std::sin(draw.motion_angle) * draw.motion_length / 2;
  const double c = size / 2;
  cv::line(kernel, cv::Point(cvRound(c - dx), cvRound(c - dy)),
           cv::Point(cvRound(c + dx), cvRound(c + dy)), cv::Scalar(1));
  kernel /= cv::sum(kernel)[0];
  cv::filter2D(view, view, -1, kernel);
}

void ApplyDegradation(cv::Mat& view, const Draw& draw) {
  if (draw.blur_sigma > 0) cv::GaussianBlur(view, view, {}, draw.blur_sigma);
  if (draw.motion_length > 0) ApplyMotion(view, draw);
  if (draw.noise_sigma > 0) {
    cv::Mat noise(view.size(), CV_16SC3);
    cv::RNG generator(draw.noise_seed);  // the same field for every image of the draw
    generator.fill(noise, cv::RNG::NORMAL, 0, draw.noise_sigma);
    cv::add(view, noise, view, cv::noArray(), CV_8UC3);
  }
  if (draw.down_scale < 1) {
    cv::Mat small;
    const int size = std::max(8, cvRound(view.cols * draw.down_scale));
    cv::resize(view, small, {size, size}, 0, 0, cv::INTER_AREA);
    cv::resize(small, view, view.size(), 0, 0, draw.up_interpolation);
  }
}

Image Apply(const Image& image, const AugmentOptions& options, const Draw& draw) {
  Image result = Warp(image, options, draw);
  cv::Mat view = ViewOf(result);
  if (draw.flip) cv::flip(view, view, 1);
  ApplyColour(view, draw);
  ApplyDegradation(view, draw);
  for (const int quality : draw.jpeg_qualities) {
    result = DecodePicture(EncodeJpeg(result, quality));
  }
  return result;
}

}  // namespace

void AugmentOptions::Validate() const {
  if (!(strength >= 0 && strength <= 1))
    throw UsageError("augmentation strength must lie in 0 … 1");
  if (output_size < 16 || output_size > 4096) throw UsageError("output size must lie in 16 … 4096");
  if (!(input_scale > 0 && output_scale > 0)) throw UsageError("face scales must be positive");
}

std::vector<Image> AugmentTogether(std::span<const Image> images, const AugmentOptions& options,
                                   Random& random) {
  options.Validate();
  Draw draw = DrawGeometry(options, random);
  DrawColour(draw, options.strength, random);
  DrawDegradation(draw, options, random);
  std::vector<Image> results;
  results.reserve(images.size());
  for (const Image& image : images) {
    if (image.width != image.height || image.channels != 3 || image.empty()) {
      throw Error("augmentation takes square colour pictures");
    }
    results.push_back(Apply(image, options, draw));
  }
  return results;
}

Image CentreCrop(const Image& image, const AugmentOptions& options) {
  return Warp(image, options, Draw{});
}

}  // namespace unmask
