#include "unmask/nn/fast_gradients.h"

#include <ATen/ATen.h>
#include <ATen/Parallel.h>
#include <ATen/autocast_mode.h>
#include <torch/csrc/autograd/custom_function.h>
#include <torch/version.h>

#include <algorithm>
#include <array>
#include <tuple>
#include <vector>

namespace unmask {
namespace {

using at::Tensor;
using torch::autograd::AutogradContext;
using torch::autograd::Function;
using torch::autograd::variable_list;

constexpr auto kChannelsLast = at::MemoryFormat::ChannelsLast;

// Whether elementwise loops over raw memory apply: on the CPU, both of this type.
bool IsPlain(at::ScalarType type, const Tensor& gradient, const Tensor& saved) {
  return saved.is_cpu() && saved.is_non_overlapping_and_dense() && saved.scalar_type() == type &&
         gradient.scalar_type() == type;
}

// out[i] = of(gradient[i], saved[i]) over two tensors whose values are read as `Bits`, of the same
// width.
template <typename Bits, typename Of>
Tensor Elementwise(const Tensor& gradient, const Tensor& saved, const Of& of) {
  const Tensor out = at::empty_like(saved);
  const Tensor same =  // in the layout of `saved`
      gradient.strides() == saved.strides() ? gradient : at::empty_like(saved).copy_(gradient);
  const auto* g = static_cast<const Bits*>(same.data_ptr());
  const auto* s = static_cast<const Bits*>(saved.data_ptr());
  auto* o = static_cast<Bits*>(out.data_ptr());
  at::parallel_for(0, out.numel(), 1 << 15, [&](int64_t begin, int64_t end) {
    for (int64_t i = begin; i < end; ++i) o[i] = of(g[i], s[i]);
  });
  return out;
}

struct Relu6Function : Function<Relu6Function> {
  static Tensor forward(AutogradContext* context, const Tensor& x) {
    const Tensor y = at::clamp(x, 0, 6);
    context->save_for_backward({y});  // which the next layer keeps anyway
    return y;
  }
  static variable_list backward(AutogradContext* context, variable_list gradients) {
    const Tensor& gradient = gradients[0];
    const Tensor y = context->get_saved_variables()[0];
    // Positive numbers are in the order of their bits, read as integers; negative ones are below.
    if (IsPlain(at::kFloat, gradient, y)) {
      constexpr int32_t kSix = 0x40C00000;
      return {Elementwise<int32_t>(gradient, y, [](int32_t g, int32_t bits) {
        return g & -static_cast<int32_t>((bits > 0) & (bits < kSix));
      })};
    }
    if (IsPlain(at::kBFloat16, gradient, y)) {
      constexpr int16_t kSix = 0x40C0;
      return {Elementwise<int16_t>(gradient, y, [](int16_t g, int16_t bits) {
        return static_cast<int16_t>(g & -static_cast<int16_t>((bits > 0) & (bits < kSix)));
      })};
    }
    const Tensor below = at::threshold_backward(gradient, 6 - y, 0);
    return {at::threshold_backward(below, y, 0)};
  }
};

struct HardSwishFunction : Function<HardSwishFunction> {
  static Tensor forward(AutogradContext* context, const Tensor& x) {
    context->save_for_backward({x});
    return at::hardswish(x);
  }
  static variable_list backward(AutogradContext* context, variable_list gradients) {
    const Tensor& gradient = gradients[0];
    const Tensor x = context->get_saved_variables()[0];
    if (IsPlain(at::kBFloat16, gradient, x)) {
      return {Elementwise<at::BFloat16>(gradient, x, [](float g, float at) {
        const float ramp = (2 * at + 3) / 6;
        return static_cast<at::BFloat16>(g * (at <= -3 ? 0 : (at >= 3 ? 1 : ramp)));
      })};
    }
    const Tensor ramp = (2 * x + 3) / 6;
    const Tensor slope = at::where(x.ge(3), at::ones_like(x), ramp);
    return {gradient * at::where(x.le(-3), at::zeros_like(x), slope)};
  }
};

using Pair = std::array<int64_t, 2>;
constexpr Pair kNone = {0, 0}, kOne = {1, 1};

// {of the input, of the filters}; what is not wanted is undefined.
std::tuple<Tensor, Tensor> ConvolutionGradients(const Tensor& gradient, const Tensor& x,
                                                const Tensor& filters, int64_t stride, int64_t pad,
                                                bool of_input, bool of_filters) {
  const Pair strides = {stride, stride}, pads = {pad, pad};
  const auto [input, weight, bias] = at::convolution_backward(
      gradient, x, filters, c10::nullopt, strides, pads, kOne,
      /*transposed=*/false, kNone, filters.size(0), {of_input, of_filters, false});
  return {input, weight};
}

// The gradient of k × k filters, k > 3: entry (a, b) is the sum over positions of gradient times
// the input shifted by (a, b), so that a 3 × 3 block of entries is the gradient of 3 × 3 filters on
// a shifted input.
Tensor FilterGradient(const Tensor& gradient, const Tensor& x, const Tensor& filters,
                      int64_t stride, int64_t pad) {
  constexpr int64_t kBlock = 3;
  const int64_t size = filters.size(2);
  const Tensor padded = at::constant_pad_nd(x, {pad, pad, pad, pad});
  const Tensor block = at::zeros({filters.size(0), 1, kBlock, kBlock}, filters.options());
  std::vector<int64_t> begins;
  for (int64_t begin = 0; begin < size - kBlock; begin += kBlock) begins.push_back(begin);
  begins.push_back(size - kBlock);
  const auto part = [&](const Tensor& tensor, int64_t axis, int64_t begin) {
    return tensor.narrow(axis, begin, (gradient.size(axis) - 1) * stride + kBlock);
  };
  const Tensor result = at::empty(filters.sizes(), filters.options());
  for (const int64_t row : begins) {
    for (const int64_t column : begins) {
      const Tensor shifted = part(part(padded, 2, row), 3, column).contiguous(kChannelsLast);
      const auto [unused, of_block] =
          ConvolutionGradients(gradient, shifted, block, stride, 0, false, true);
      result.narrow(2, row, kBlock).narrow(3, column, kBlock).copy_(of_block);
    }
  }
  return result;
}

struct DepthwiseFunction : Function<DepthwiseFunction> {
  static Tensor forward(AutogradContext* context, const Tensor& x, const Tensor& filters,
                        int64_t stride, int64_t pad) {
    context->save_for_backward({x, filters});
    context->saved_data["stride"] = stride;
    context->saved_data["pad"] = pad;
    const Pair strides = {stride, stride}, pads = {pad, pad};
    return at::conv2d(x, filters, {}, strides, at::IntArrayRef(pads), kOne, filters.size(0));
  }
  static variable_list backward(AutogradContext* context, variable_list gradients) {
    const variable_list saved = context->get_saved_variables();
    const Tensor &x = saved[0], &filters = saved[1];
    const int64_t stride = context->saved_data["stride"].toInt();
    const int64_t pad = context->saved_data["pad"].toInt();
    const Tensor gradient = gradients[0].contiguous(kChannelsLast);
    Tensor of_input, of_filters;
    if (context->needs_input_grad(0)) {
      of_input = std::get<0>(ConvolutionGradients(gradient, x, filters, stride, pad, true, false));
    }
    if (context->needs_input_grad(1))
      of_filters = FilterGradient(gradient, x, filters, stride, pad);
    return {of_input, of_filters, Tensor(), Tensor()};
  }
};

// In which a convolution of `x` computes.
at::ScalarType ConvolutionType(const Tensor& x) {
#if TORCH_VERSION_MAJOR >= 2 && TORCH_VERSION_MINOR >= 5 || TORCH_VERSION_MAJOR >= 3
  const at::DeviceType device = x.device().type();
  if (at::autocast::is_autocast_enabled(device)) return at::autocast::get_autocast_dtype(device);
#else
  if (x.is_cpu() && at::autocast::is_cpu_enabled()) return at::autocast::get_autocast_cpu_dtype();
#endif
  return x.scalar_type();
}

}  // namespace

Tensor Relu6(const Tensor& x) { return Relu6Function::apply(x); }

Tensor HardSwish(const Tensor& x) { return HardSwishFunction::apply(x); }

Tensor LargeDepthwiseConvolution(const Tensor& x, const Tensor& filters, int64_t stride,
                                 int64_t pad) {
  const at::ScalarType type = ConvolutionType(x);
  return DepthwiseFunction::apply(x.to(type), filters.to(type), stride, pad);
}

}  // namespace unmask
