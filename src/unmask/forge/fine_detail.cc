#include "unmask/forge/fine_detail.h"

#include <functional>
#include <opencv2/imgproc.hpp>
#include <vector>

namespace unmask {
namespace {

constexpr double kWidest = 4;     // pixels of a Gaussian's deviation
constexpr double kStrongest = 8;  // times the detail
constexpr double kRoughest = 32;  // grey levels of the noise's deviation
constexpr int kHalvings = 8;

// The amount in 0 … `most` from which on `reached` holds, which is taken for monotone.
double AmountFor(double most, const std::function<bool(double)>& reached) {
  double low = 0, high = most;
  for (int i = 0; i < kHalvings; ++i) {
    const double amount = (low + high) / 2;
    (reached(amount) ? high : low) = amount;
  }
  return high;
}

cv::Mat Softened(const cv::Mat& picture, double sigma) {
  cv::Mat soft;
  cv::GaussianBlur(picture, soft, {}, sigma);
  return soft;
}

cv::Mat Sharpened(const cv::Mat& picture, double amount) {
  cv::Mat sharp;
  cv::addWeighted(picture, 1 + amount, Softened(picture, 1), -amount, 0, sharp);
  return sharp;
}

}  // namespace

double FineDetail(const cv::Mat& picture) {
  cv::Mat grey, detail;
  cv::cvtColor(picture, grey, cv::COLOR_RGB2GRAY);
  cv::Laplacian(grey, detail, CV_32F);
  return cv::norm(detail, cv::NORM_L1) / static_cast<double>(detail.total());
}

void SoftenTo(double wanted, const cv::Rect& part, cv::Mat& picture) {
  if (FineDetail(picture(part)) <= wanted) return;
  const double sigma = AmountFor(
      kWidest, [&](double s) { return FineDetail(Softened(picture(part), s)) <= wanted; });
  cv::GaussianBlur(picture, picture, {}, sigma);
}

void SharpenTo(double wanted, const cv::Rect& part, cv::Mat& picture) {
  if (FineDetail(picture(part)) >= wanted) return;
  const double amount = AmountFor(
      kStrongest, [&](double a) { return FineDetail(Sharpened(picture(part), a)) >= wanted; });
  cv::addWeighted(picture, 1 + amount, Softened(picture, 1), -amount, 0, picture);
}

void RoughenTo(double wanted, cv::Mat& picture, Random& random) {
  if (FineDetail(picture) >= wanted) return;
  cv::Mat grey(picture.size(), CV_32F), noise;
  for (float& value : cv::Mat_<float>(grey)) value = static_cast<float>(Normal(random, 0, 1));
  cv::merge(std::vector<cv::Mat>(3, grey), noise);
  const double deviation =
      AmountFor(kRoughest, [&](double a) { return FineDetail(picture + a * noise) >= wanted; });
  picture += deviation * noise;
}

}  // namespace unmask
