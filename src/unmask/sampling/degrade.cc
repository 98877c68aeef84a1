#include "unmask/sampling/degrade.h"

#include <algorithm>
#include <cmath>
#include <opencv2/imgproc.hpp>

#include "unmask/media/opencv_view.h"
#include "unmask/media/picture.h"

namespace unmask {

void ChangeTone(Image& image, const Tone& tone) {
  cv::Mat table(1, 256, CV_8UC3);
  for (int v = 0; v < 256; ++v) {
    const double linear = std::clamp((v * tone.contrast + tone.brightness) / 255, 0.0, 1.0);
    const double value = 255 * std::pow(linear, tone.gamma);
    table.at<cv::Vec3b>(0, v) = {cv::saturate_cast<uint8_t>(value + tone.red),
                                 cv::saturate_cast<uint8_t>(value),
                                 cv::saturate_cast<uint8_t>(value + tone.blue)};
  }
  cv::Mat view = ViewOf(image);
  cv::LUT(view, table, view);
}

void ChangeSaturation(Image& image, double factor) {
  cv::Mat view = ViewOf(image), grey, three;
  cv::cvtColor(view, grey, cv::COLOR_RGB2GRAY);
  cv::cvtColor(grey, three, cv::COLOR_GRAY2RGB);
  cv::addWeighted(view, factor, three, 1 - factor, 0, view);
}

void Blur(Image& image, double sigma) {
  if (sigma <= 0) return;
  cv::Mat view = ViewOf(image);
  cv::GaussianBlur(view, view, {}, sigma);
}

void BlurAlongLine(Image& image, double length, double angle) {
  const int size = 2 * static_cast<int>(std::ceil(length / 2)) + 1;
  cv::Mat kernel = cv::Mat::zeros(size, size, CV_32F);
  const double dx = std::cos(angle) * length / 2;
  const double dy = std::sin(angle) * length / 2;
  const double c = size / 2;
  cv::line(kernel, cv::Point(cvRound(c - dx), cvRound(c - dy)),
           cv::Point(cvRound(c + dx), cvRound(c + dy)), cv::Scalar(1));
  kernel /= cv::sum(kernel)[0];
  cv::Mat view = ViewOf(image);
  cv::filter2D(view, view, -1, kernel);
}

void AddNoise(Image& image, double sigma, uint64_t seed) {
  cv::Mat view = ViewOf(image);
  cv::Mat noise(view.size(), CV_16SC3);
  cv::RNG generator(seed);
  generator.fill(noise, cv::RNG::NORMAL, 0, sigma);
  cv::add(view, noise, view, cv::noArray(), CV_8UC3);
}

void ScaleDownAndUp(Image& image, double factor, Enlargement enlargement) {
  cv::Mat view = ViewOf(image), small;
  const cv::Size size(std::max(8, cvRound(view.cols * factor)),
                      std::max(8, cvRound(view.rows * factor)));
  if (size.width >= view.cols && size.height >= view.rows) return;
  cv::resize(view, small, size, 0, 0, cv::INTER_AREA);
  static constexpr int kInterpolations[] = {cv::INTER_LINEAR, cv::INTER_CUBIC, cv::INTER_LANCZOS4};
  cv::resize(small, view, view.size(), 0, 0, kInterpolations[static_cast<int>(enlargement)]);
}

void CompressJpeg(Image& image, int quality, int phase_x, int phase_y) {
  Image padded(image.width + phase_x, image.height + phase_y);
  cv::Mat target = ViewOf(padded);
  cv::copyMakeBorder(ViewOf(image), target, phase_y, 0, phase_x, 0, cv::BORDER_REPLICATE);
  const Image decoded = DecodePicture(EncodeJpeg(padded, quality));
  cv::Mat view = ViewOf(image);
  ViewOf(decoded)(cv::Rect(phase_x, phase_y, image.width, image.height)).copyTo(view);
}

void CutOut(Image& image, const Patch& patch) {
  const double pixels = patch.area * image.width * image.height;
  const int width = std::min(image.width, cvRound(std::sqrt(pixels * patch.aspect)));
  const int height = std::min(image.height, cvRound(std::sqrt(pixels / patch.aspect)));
  const int left = static_cast<int>(patch.x * (image.width - width));
  const int top = static_cast<int>(patch.y * (image.height - height));
  cv::Mat view = ViewOf(image);
  cv::rectangle(view, cv::Rect(left, top, width, height),
                cv::Scalar(patch.colour[0], patch.colour[1], patch.colour[2]), cv::FILLED);
}

}  // namespace unmask
