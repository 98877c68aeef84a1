#include "unmask/forge/generator_traces.h"

#include <algorithm>
#include <cmath>
#include <opencv2/imgproc.hpp>
#include <vector>

#include "unmask/forge/fine_detail.h"

namespace unmask {
namespace {

cv::Mat AsFloat(const cv::Mat& picture) {
  cv::Mat converted;
  picture.convertTo(converted, CV_32FC3);
  return converted;
}

// Gains of the `period` × `period` places of a grid, of mean 0 and deviation 1.
cv::Mat DrawTile(int period, Random& random) {
  cv::Mat tile(period, period, CV_64F);
  for (double& value : cv::Mat_<double>(tile)) value = Normal(random, 0, 1);
  cv::Scalar mean, deviation;
  cv::meanStdDev(tile, mean, deviation);
  return (tile - mean[0]) / std::max(1e-6, deviation[0]);
}

}  // namespace

Traced UpConvolve(const cv::Mat& picture, int factor, Random& random) {
  const cv::Size small_size((picture.cols + factor - 1) / factor,
                            (picture.rows + factor - 1) / factor);
  cv::Mat small;
  cv::copyMakeBorder(AsFloat(picture), small, 0, factor * small_size.height - picture.rows, 0,
                     factor * small_size.width - picture.cols, cv::BORDER_REPLICATE);
  cv::resize(small, small, small_size, 0, 0, cv::INTER_AREA);
  Traced result;
  const cv::Size large_size(factor * small.cols, factor * small.rows);
  cv::resize(small, result.plain, large_size, 0, 0, cv::INTER_CUBIC);
  result.plain = result.plain(cv::Rect({0, 0}, picture.size())).clone();

  // Each pixel amid zeros, then a filter: from the box, which repeats the nearest pixel, to the
  // triangle, which interpolates linearly. Its taps are a little off, so the phases differ.
  constexpr int kMargin = 2;  // small pixels, so that the edge is like the rest
  cv::copyMakeBorder(small, small, kMargin, kMargin, kMargin, kMargin, cv::BORDER_REPLICATE);
  cv::Mat spread(factor * small.rows, factor * small.cols, CV_32FC3, cv::Scalar::all(0));
  for (int y = 0; y < small.rows; ++y) {
    for (int x = 0; x < small.cols; ++x) {
      spread.at<cv::Vec3f>(factor * y + factor / 2, factor * x + factor / 2) =
          small.at<cv::Vec3f>(y, x);
    }
  }
  const double triangle = Uniform(random, 0, 1);
  const double unevenness = std::exp2(Uniform(random, -6.6, -4));  // 1 … 6 %
  const double middle = factor % 2 == 0 ? 0.5 : 0;  // of the small pixel, from where it lies
  std::vector<double> taps;
  double sum = 0;
  for (int i = 1 - factor; i <= factor; ++i) {
    const double away = std::fabs(i - middle) / factor;
    const double tap =
        (1 - triangle) * (away < 0.5 ? 1.0 : 0.0) + triangle * std::max(0.0, 1 - away);
    taps.push_back(tap * (1 + Normal(random, 0, unevenness)));
    sum += taps.back();
  }
  for (double& tap : taps) tap *= factor / sum;  // the mean brightness stays
  cv::Mat large;
  cv::sepFilter2D(spread, large, CV_32F, taps, taps, {factor - 1, factor - 1});
  result.traced =
      large(cv::Rect(kMargin * factor, kMargin * factor, picture.cols, picture.rows)).clone();
  const double detail = FineDetail(result.traced);
  SoftenTo(detail, cv::Rect({0, 0}, picture.size()), result.plain);
  RoughenTo(detail, result.plain, random);
  return result;
}

Traced Shuffle(const cv::Mat& picture, int period, Random& random) {
  const cv::Mat gains = DrawTile(period, random), levels = DrawTile(period, random);
  const double gain = Uniform(random, 0.2, 0.8);
  const double level = std::exp2(Uniform(random, 0, 2.5));  // grey levels
  Traced result{AsFloat(picture), {}};
  cv::Mat smooth;
  cv::GaussianBlur(result.plain, smooth, {}, 0.5 * period);
  result.traced = result.plain.clone();
  for (int y = 0; y < picture.rows; ++y) {
    auto* row = result.traced.ptr<cv::Vec3f>(y);
    const auto* mean = smooth.ptr<cv::Vec3f>(y);
    const auto* tile_gain = gains.ptr<double>(y % period);
    const auto* tile_level = levels.ptr<double>(y % period);
    for (int x = 0; x < picture.cols; ++x) {
      const auto by = static_cast<float>(gain * tile_gain[x % period]);
      const auto offset = static_cast<float>(level * tile_level[x % period]);
      for (int c = 0; c < 3; ++c) row[x][c] += by * (row[x][c] - mean[x][c]) + offset;
    }
  }
  RoughenTo(FineDetail(result.traced), result.plain, random);
  return result;
}

Traced ChangeSpectrum(const cv::Mat& picture, Random& random) {
  const double from =
      Uniform(random, 0.06, 0.3);  // cycles a pixel; 0.5 is the highest along an axis
  const double width = Uniform(random, 0.02, 0.1);
  const double gain = Chance(random, 0.6) ? Uniform(random, -0.9, -0.4) : Uniform(random, 0.4, 1.2);
  Traced result{AsFloat(picture), {}};
  // The same change of all colours is a change of each pixel's brightness.
  cv::Mat grey, padded, spectrum;
  cv::cvtColor(result.plain, grey, cv::COLOR_RGB2GRAY);
  const int rows = cv::getOptimalDFTSize(grey.rows), cols = cv::getOptimalDFTSize(grey.cols);
  cv::copyMakeBorder(grey, padded, 0, rows - grey.rows, 0, cols - grey.cols, cv::BORDER_REPLICATE);
  cv::dft(padded, spectrum, cv::DFT_COMPLEX_OUTPUT);
  for (int y = 0; y < rows; ++y) {
    auto* row = spectrum.ptr<cv::Vec2f>(y);
    const double fy = std::min(y, rows - y) / static_cast<double>(rows);
    for (int x = 0; x < cols; ++x) {
      const double fx = std::min(x, cols - x) / static_cast<double>(cols);
      const double t = std::clamp((std::hypot(fx, fy) - from) / width, 0.0, 1.0);
      row[x] *= static_cast<float>(gain * t * t * (3 - 2 * t));
    }
  }
  cv::Mat change;
  cv::dft(spectrum, change, cv::DFT_INVERSE | cv::DFT_SCALE | cv::DFT_REAL_OUTPUT);
  cv::Mat change3;
  cv::merge(std::vector<cv::Mat>(3, change(cv::Rect(0, 0, grey.cols, grey.rows))), change3);
  result.traced = result.plain + change3;
  const cv::Rect whole({0, 0}, picture.size());
  const double detail = FineDetail(result.traced);
  gain < 0 ? SoftenTo(detail, whole, result.plain) : SharpenTo(detail, whole, result.plain);
  return result;
}

}  // namespace unmask
