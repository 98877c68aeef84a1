#include "unmask/nn/joint_norm.h"

#include <ATen/ATen.h>
#include <ATen/core/grad_mode.h>
#include <torch/csrc/autograd/custom_function.h>

#include <cstdint>
#include <vector>

namespace unmask {
namespace {

using at::Tensor;
using torch::autograd::AutogradContext;
using torch::autograd::variable_list;

// factor · x + offset, both {C}: the norm with mean 0 and variance 1. Sums and products of LibTorch
// that mix bf16 with float32 take ten times as long.
Tensor ScalePerChannel(const Tensor& x, const Tensor& factor, const Tensor& offset) {
  return std::get<0>(at::native_batch_norm(x, factor, offset, at::zeros_like(factor),
                                           at::ones_like(factor), /*training=*/false, 0, 0));
}

int64_t CountPerChannel(const Tensor& x) { return x.numel() / x.size(1); }

// LibTorch's own kernels do the passes over the data; what they lack of the other processes'
// shares is added per channel.
struct JointNorm : torch::autograd::Function<JointNorm> {
  static Tensor forward(AutogradContext* context, const Tensor& x, const Tensor& weight,
                        const Tensor& bias, const Tensor& mean, const Tensor& variance,
                        double epsilon, int64_t joint) {
    context->saved_data["joint"] = joint;
    context->saved_data["epsilon"] = epsilon;
    context->save_for_backward({x, weight, mean, (variance + epsilon).rsqrt()});
    return std::get<0>(
        at::native_batch_norm(x, weight, bias, mean, variance, /*training=*/false, 0, epsilon));
  }

  static variable_list backward(AutogradContext* context, const variable_list& outputs) {
    const variable_list saved = context->get_saved_variables();
    const Tensor &x = saved[0], &weight = saved[1], &mean = saved[2], &inverse = saved[3];
    auto& joint = *reinterpret_cast<JointBatch*>(context->saved_data["joint"].toInt());
    // As if the own share were the batch: dx = w / σ · (dy − Σdy / n − x̂ · Σ(dy · x̂) / n).
    auto [dx, dweight, dbias] = at::native_batch_norm_backward(
        outputs[0], x, weight, {}, {}, mean, inverse, /*train=*/true,
        context->saved_data["epsilon"].toDouble(), {true, true, true});
    const auto n = static_cast<double>(CountPerChannel(x));
    const Tensor sums = at::stack({dbias, dweight}) / n;
    const Tensor joint_means = sums.clone();
    joint.Sum({joint_means});
    const Tensor missing = (sums - joint_means / joint.size()) * (weight * inverse);
    const Tensor factor = missing[1] * inverse;  // of x; x̂ = (x − μ) / σ
    dx.add_(ScalePerChannel(x, factor, missing[0] - factor * mean));
    return {dx, dweight, dbias, {}, {}, {}, {}};
  }
};

}  // namespace

at::Tensor JointBatch::Gather(const at::Tensor& rows) {
  const at::NoGradGuard no_grad;
  if (size() == 1) return rows.detach();
  std::vector<int64_t> shape = rows.sizes().vec();
  shape[0] *= size();
  const Tensor all = at::zeros(shape, rows.options());
  all.narrow(0, rank() * rows.size(0), rows.size(0)).copy_(rows);
  Sum({all});
  return all;
}

at::Tensor JointBatchNorm(const at::Tensor& x, const at::Tensor& weight, const at::Tensor& bias,
                          at::Tensor running_mean, at::Tensor running_var, double momentum,
                          double epsilon, JointBatch& joint) {
  Tensor mean, variance;
  {
    const at::NoGradGuard no_grad;
    const auto n = static_cast<double>(CountPerChannel(x));
    const auto [own_mean, own_variance] = at::batch_norm_update_stats(
        x, at::zeros_like(running_mean), at::ones_like(running_var), /*momentum=*/0);
    const Tensor all = joint.Gather(at::stack({own_mean, own_variance}).unsqueeze(0));
    const Tensor means = all.select(1, 0);
    mean = means.mean(0);
    variance = (all.select(1, 1) + (means - mean).square()).mean(0);
    const double joint_n = n * joint.size();
    running_mean.lerp_(mean, momentum);
    running_var.lerp_(variance * (joint_n / (joint_n - 1)), momentum);
  }
  return JointNorm::apply(x, weight, bias, mean, variance, epsilon,
                          reinterpret_cast<int64_t>(&joint));
}

}  // namespace unmask
