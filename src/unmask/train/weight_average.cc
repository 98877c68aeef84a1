#include "unmask/train/weight_average.h"

#include <ATen/ATen.h>
#include <ATen/core/grad_mode.h>

#include <algorithm>

namespace unmask {

WeightAverage::WeightAverage(NamedTensors tensors, double decay)
    : tensors_(std::move(tensors)), updates_(at::zeros({1}, at::kLong)), decay_(decay) {
  for (const auto& [name, tensor] : tensors_) averages_[name] = tensor.detach().clone();
}

void WeightAverage::Update() {
  const at::NoGradGuard no_grad;
  const auto n = static_cast<double>(updates_.add_(1).item<int64_t>());
  const double decay = std::min(decay_, (1 + n) / (10 + n));
  for (auto& [name, average] : averages_) {
    const at::Tensor& tensor = tensors_.at(name);
    if (average.is_floating_point()) {
      average.lerp_(tensor, 1 - decay);
    } else {
      average.copy_(tensor);
    }
  }
}

void WeightAverage::Swap() {
  const at::NoGradGuard no_grad;
  for (auto& [name, average] : averages_) {
    const at::Tensor own = tensors_.at(name).clone();
    tensors_.at(name).copy_(average);
    average.copy_(own);
  }
}

}  // namespace unmask
