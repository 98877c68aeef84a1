#include "unmask/explain/grad_cam.h"

#include <algorithm>
#include <cmath>

#include "unmask/base/error.h"
#include "unmask/base/text.h"

namespace unmask {
namespace {

constexpr std::string_view kNames[] = {"grad-cam", "grad-cam++"};  // in the order of the enum

// α_k for a channel whose gradient is `g` at each of `cells` places and whose values add up to
// `sum`. Grad-CAM++: cells · g · g² / (2 g² + g³ sum) for g > 0.
double Weight(CamMethod method, double g, double sum, double cells) {
  if (method == CamMethod::kGradCam) return g;
  const double divisor = 2 + g * sum;
  return g > 0 && divisor != 0 ? cells * g / divisor : 0;
}

}  // namespace

float HeatMap::Largest() const {
  return values.empty() ? 0 : *std::max_element(values.begin(), values.end());
}

float HeatMap::At(double x, double y) const {
  if (values.empty()) return 0;
  const double column = std::clamp(x * width - 0.5, 0.0, width - 1.0);
  const double row = std::clamp(y * height - 0.5, 0.0, height - 1.0);
  const int x0 = static_cast<int>(column), y0 = static_cast<int>(row);
  const int x1 = std::min(x0 + 1, width - 1), y1 = std::min(y0 + 1, height - 1);
  const double u = column - x0, v = row - y0;
  const auto value = [&](int c, int r) { return values[static_cast<size_t>(r) * width + c]; };
  return static_cast<float>((1 - v) * ((1 - u) * value(x0, y0) + u * value(x1, y0)) +
                            v * ((1 - u) * value(x0, y1) + u * value(x1, y1)));
}

CamMethod CamMethodFromName(std::string_view name) {
  for (size_t i = 0; i < std::size(kNames); ++i) {
    if (name == kNames[i]) return static_cast<CamMethod>(i);
  }
  ThrowUnknownName("method", name, {std::begin(kNames), std::end(kNames)});
}

std::string_view NameOf(CamMethod method) { return kNames[static_cast<size_t>(method)]; }

CamResult ExplainFeatures(std::span<const float> features, int height, int width,
                          const ModelHead& head, const ExplainedScore& score, CamMethod method) {
  const auto cells = static_cast<size_t>(height) * width;
  const auto channels = static_cast<size_t>(head.channels);
  if (height < 1 || width < 1 || features.size() != cells * channels) {
    throw Error("a feature map of " + std::to_string(features.size()) + " values is not one of " +
                std::to_string(channels) + " channels");
  }
  std::vector<double> sums(channels), means(channels);
  for (size_t k = 0; k < channels; ++k) {
    for (size_t i = 0; i < cells; ++i) sums[k] += features[k * cells + i];
    means[k] = sums[k] / static_cast<double>(cells);
  }
  const ScoreGradient gradient = HeadGradient(head, means, score);
  std::vector<double> map(cells);
  for (size_t k = 0; k < channels; ++k) {
    const double g = gradient.per_pooled[k] / static_cast<double>(cells);
    const double weight = Weight(method, g, sums[k], static_cast<double>(cells));
    for (size_t i = 0; i < cells; ++i) map[i] += weight * features[k * cells + i];
  }
  CamResult result{gradient.score, {width, height, {}}};
  for (const double value : map) {
    result.map.values.push_back(static_cast<float>(std::max(value, 0.0)));
  }
  return result;
}

HeatMap MeanMap(std::span<const HeatMap> maps) {
  HeatMap mean;
  for (const HeatMap& map : maps) {
    if (mean.empty()) {
      mean = {map.width, map.height, std::vector<float>(map.values.size())};
    }
    for (size_t i = 0; i < map.values.size(); ++i) {
      mean.values[i] += map.values[i] / static_cast<float>(maps.size());
    }
  }
  return mean;
}

}  // namespace unmask
