#pragma once

#include <span>
#include <vector>

#include "unmask/explain/explained_score.h"
#include "unmask/model/model_head.h"

namespace unmask {

// The logits as a function of the pooled features, one value per channel. In double precision.
std::vector<double> HeadLogits(const ModelHead& head, std::span<const double> pooled);

// What HeadGradient() found out.
struct ScoreGradient {
  double score = 0;                // the explained one
  std::vector<double> per_pooled;  // ∂ score / ∂ pooled, one value per channel
};

// The gradient of the explained score with respect to the pooled features, by the chain rule
// through the few steps of the head: Wᵀ g for a linear layer, (g − (g·u) u) / ‖x‖ with u = x / ‖x‖
// for a normalisation (g / ε below ε), factors and derivatives for the rest. Throws Error when
// `pooled` has not as many values as the head has channels.
ScoreGradient HeadGradient(const ModelHead& head, std::span<const double> pooled,
                           const ExplainedScore& score);

}  // namespace unmask
