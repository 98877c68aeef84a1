#include "unmask/model/fold_norm.h"

#include <cmath>
#include <string>

namespace unmask {

Filters FoldNorm(const Node& conv, const Node* norm, const Weights& weights) {
  const auto values = [&](const Node& node, const char* parameter) -> const std::vector<float>& {
    return weights.at(node.name + "." + parameter).values;
  };
  const bool biased = weights.contains(conv.name + ".bias");
  Filters filters{values(conv, "weight"), biased ? values(conv, "bias") : std::vector<float>()};
  if (norm == nullptr) return filters;
  const auto channels = static_cast<size_t>(conv.shape[0]);
  filters.bias.resize(channels, 0.0f);
  const double epsilon = std::get<BatchNorm>(norm->operation).epsilon;
  const size_t per_channel = filters.weight.size() / channels;
  for (size_t c = 0; c < channels; ++c) {
    const double factor =
        values(*norm, "weight")[c] / std::sqrt(values(*norm, "running_var")[c] + epsilon);
    for (size_t i = 0; i < per_channel; ++i) {
      float& w = filters.weight[c * per_channel + i];
      w = static_cast<float>(w * factor);
    }
    filters.bias[c] = static_cast<float>(
        (filters.bias[c] - values(*norm, "running_mean")[c]) * factor + values(*norm, "bias")[c]);
  }
  return filters;
}

}  // namespace unmask
