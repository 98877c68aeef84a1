#pragma once

#include <span>
#include <string_view>
#include <vector>

#include "unmask/explain/head_gradient.h"
#include "unmask/model/model_head.h"

namespace unmask {

// How much each part of a crop speaks for the explained score: `height` × `width` values ≥ 0, row
// by row, which together cover the crop evenly. Not scaled to anything, so that maps of one model
// can be compared; those of Grad-CAM have the unit of the score.
struct HeatMap {
  int width = 0;
  int height = 0;
  std::vector<float> values;

  bool empty() const { return values.empty(); }
  float Largest() const;  // 0 for an empty map
  // At a point of the crop, each coordinate in 0 … 1; bilinear between the centres of the cells.
  float At(double x, double y) const;
};

enum class CamMethod {
  // Selvaraju et al., ICCV 2017: relu(Σ_k α_k A_k), α_k the mean of ∂ score / ∂ A_k over the map.
  kGradCam,
  // Chattopadhay et al., WACV 2018: α_k = Σ_ij w_ij relu(g_ij) with
  // w_ij = g² / (2 g² + g³ Σ_ab A_ab), g = ∂ score / ∂ A_k; 0 where the divisor is 0.
  kGradCamPlusPlus
};

// "grad-cam", "grad-cam++". Throws UsageError suggesting the nearest name.
CamMethod CamMethodFromName(std::string_view name);
std::string_view NameOf(CamMethod method);

struct CamResult {
  double score = 0;  // the explained one, computed anew from the features
  HeatMap map;
};

// The map behind global average pooling, without automatic differentiation: there the gradient is
// the same at every place, g_k = (∂ score / ∂ mean_k) / (H · W). `features`: {channels, height,
// width}. Throws Error when their number does not fit.
CamResult ExplainFeatures(std::span<const float> features, int height, int width,
                          const ModelHead& head, const ExplainedScore& score, CamMethod method);

// The mean of maps of one size; empty for none.
HeatMap MeanMap(std::span<const HeatMap> maps);

}  // namespace unmask
