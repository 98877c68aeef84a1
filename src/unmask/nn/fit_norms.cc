#include "unmask/nn/fit_norms.h"

#include <ATen/ATen.h>
#include <ATen/core/grad_mode.h>

#include <vector>

namespace unmask {

void FitNorms(Network& network, const at::Tensor& images) {
  const at::NoGradGuard no_grad;
  // The norms are met in the order of evaluation, each with inputs that are right already.
  network.Forward(images, /*training=*/false, [&](const Node& node, const at::Tensor& input) {
    const auto* norm = std::get_if<BatchNorm>(&node.operation);
    if (norm == nullptr) return;
    at::Tensor& weight = network.parameters().at(node.name + ".weight");
    at::Tensor& bias = network.parameters().at(node.name + ".bias");
    at::Tensor& mean = network.buffers().at(node.name + ".running_mean");
    at::Tensor& variance = network.buffers().at(node.name + ".running_var");
    // At inference the norm is scale · x + shift.
    const at::Tensor scale = weight / (variance + norm->epsilon).sqrt();
    const at::Tensor shift = bias - mean * scale;
    std::vector<int64_t> all_but_channels = {0};
    for (int64_t d = 2; d < input.dim(); ++d) all_but_channels.push_back(d);
    mean.copy_(input.mean(all_but_channels));
    variance.copy_(input.var(all_but_channels, /*unbiased=*/false));
    weight.copy_(scale * (variance + norm->epsilon).sqrt());
    bias.copy_(shift + mean * scale);
  });
}

}  // namespace unmask
