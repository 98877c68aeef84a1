#pragma once

// For tests: heads with given parameters.

#include <ATen/ATen.h>

#include <memory>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "unmask/losses/registry.h"

namespace unmask {

inline std::unique_ptr<Loss> MakeLoss(std::string_view name, const Json& options = Json::object(),
                                      int64_t embedding = 5, int64_t classes = 2,
                                      std::vector<double> class_weights = {}) {
  Random random(1);
  return FindLoss(name).maker.make({embedding, classes, "head", std::move(class_weights)}, options,
                                   random);
}

// Double precision and far from zero, for finite differences.
inline void Randomise(Loss& loss, uint64_t seed) {
  at::manual_seed(seed);
  for (auto& [name, tensor] : loss.parameters()) {
    tensor = at::randn(tensor.sizes(), at::kDouble).set_requires_grad(true);
  }
  for (auto& [name, tensor] : loss.state()) {
    if (tensor.is_floating_point()) tensor = at::randn(tensor.sizes(), at::kDouble);
  }
}

inline void SetWeight(Loss& loss, const std::vector<double>& values, int64_t classes = 2) {
  loss.parameters().at("head.weight") =
      at::tensor(values, at::kDouble).view({classes, -1}).set_requires_grad(true);
  const auto bias = loss.parameters().find("head.bias");
  if (bias != loss.parameters().end()) {
    bias->second = at::zeros({classes}, at::kDouble).set_requires_grad(true);
  }
}

inline at::Tensor Row(const std::vector<double>& values) {
  return at::tensor(values, at::kDouble).view({1, -1});
}

inline at::Tensor Labels(const std::vector<int64_t>& labels) {
  return at::tensor(labels, at::kLong);
}

}  // namespace unmask
