#include "unmask/nn/fast_gradients.h"

#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include <functional>
#include <tuple>
#include <vector>

#include "unmask/infer/session.h"

namespace unmask {
namespace {

using at::Tensor;
using Function = std::function<Tensor(const Tensor&)>;

at::Tensor ClampedRelu6(const Tensor& x) { return at::clamp(x, 0, 6); }
at::Tensor ClampedHardSwish(const Tensor& x) { return x * at::clamp(x + 3, 0, 6) / 6; }

// Value and gradient of Σ weights · function(x).
std::pair<Tensor, Tensor> ValueAndGradient(const Function& function, const Tensor& x,
                                           const Tensor& weights) {
  const Tensor leaf = x.clone().set_requires_grad(true);
  const Tensor y = function(leaf);
  (y * weights).sum().backward();
  return {y.detach().to(at::kDouble), leaf.grad().to(at::kDouble)};
}

class ElementwiseTest : public testing::TestWithParam<std::tuple<int, at::ScalarType>> {};

TEST_P(ElementwiseTest, EqualsThePlainOperation) {
  const auto [which, type] = GetParam();
  const Function ours = which == 0 ? Relu6 : HardSwish;
  const Function plain = which == 0 ? ClampedRelu6 : ClampedHardSwish;
  at::manual_seed(1);
  // In bf16 there are few numbers: none of these falls where the derivative jumps.
  const Tensor x = (at::randn({2, 8, 5, 7}, at::kDouble) * 4 + 0.01).to(type);
  const double tolerance = type == at::kBFloat16 ? 0.02 : 1e-6;
  for (const Tensor& input : {x, x.contiguous(at::MemoryFormat::ChannelsLast)}) {
    // The gradient comes in either layout.
    for (const bool same : {true, false}) {
      const Tensor random = at::randn({2, 8, 5, 7}, at::kDouble).to(type);
      const Tensor weights = same ? at::empty_like(input).copy_(random) : random.contiguous();
      const auto [y, gradient] = ValueAndGradient(ours, input, weights);
      const auto [y_plain, gradient_plain] =
          ValueAndGradient(plain, input.to(at::kDouble), weights.to(at::kDouble));
      EXPECT_TRUE(y.allclose(y_plain, tolerance, tolerance));
      EXPECT_TRUE(gradient.allclose(gradient_plain, tolerance, tolerance));
    }
  }
}

INSTANTIATE_TEST_SUITE_P(All, ElementwiseTest,
                         testing::Combine(testing::Values(0, 1),
                                          testing::Values(at::kDouble, at::kFloat, at::kBFloat16)));

TEST(Relu6Test, TheGradientIsZeroOutsideAndAtTheEnds) {
  for (const at::ScalarType type : {at::kFloat, at::kBFloat16}) {
    const Tensor x = at::tensor({-1.0, 0.0, 1e-3, 5.9, 6.0, 7.0}).to(type);
    const auto [y, gradient] = ValueAndGradient(Relu6, x, at::ones_like(x));
    EXPECT_TRUE(gradient.equal(at::tensor({0.0, 0.0, 1.0, 1.0, 0.0, 0.0}, at::kDouble)));
  }
}

TEST(HardSwishTest, TheGradientAtTheEndsIsThatOutside) {
  for (const at::ScalarType type : {at::kFloat, at::kBFloat16}) {
    const Tensor x = at::tensor({-4.0, -3.0, 3.0, 4.0}).to(type);
    const auto [y, gradient] = ValueAndGradient(HardSwish, x, at::ones_like(x));
    EXPECT_TRUE(gradient.equal(at::tensor({0.0, 0.0, 1.0, 1.0}, at::kDouble)));
  }
}

// kernel, stride, pad, rows, columns
class DepthwiseTest : public testing::TestWithParam<std::vector<int64_t>> {};

TEST_P(DepthwiseTest, EqualsThePlainOperation) {
  const std::vector<int64_t>& p = GetParam();
  at::manual_seed(2);
  const Tensor x = at::randn({3, 32, p[3], p[4]}).contiguous(at::MemoryFormat::ChannelsLast);
  const Tensor filters = at::randn({32, 1, p[0], p[0]});
  const auto gradients = [&](bool ours, at::ScalarType type) {
    const Tensor a = x.to(type, false, true).set_requires_grad(true);
    const Tensor b = filters.to(type, false, true).set_requires_grad(true);
    const std::vector<int64_t> strides = {p[1], p[1]}, pads = {p[2], p[2]}, ones = {1, 1};
    const Tensor y = ours ? LargeDepthwiseConvolution(a, b, p[1], p[2])
                          : at::conv2d(a, b, {}, strides, at::IntArrayRef(pads), ones, 32);
    const Tensor weights = at::sin(at::arange(y.numel(), at::kDouble)).view_as(y).to(type);
    (y * weights).sum().backward();
    return std::vector<Tensor>{y.detach().to(at::kDouble), a.grad().to(at::kDouble),
                               b.grad().to(at::kDouble)};
  };
  const std::vector<Tensor> plain = gradients(false, at::kDouble);
  const std::vector<Tensor> as_float = gradients(true, at::kFloat);
  const std::vector<Tensor> as_bfloat16 = gradients(true, at::kBFloat16);
  for (size_t i = 0; i < plain.size(); ++i) {
    const double scale = plain[i].abs().max().item<double>();
    EXPECT_LT((plain[i] - as_float[i]).abs().max().item<double>(), 1e-5 * scale) << i;
    // Elsewhere LibTorch adds up in bf16, and training never computes in it.
    if (!CpuHasBfloat16()) continue;
    EXPECT_LT((plain[i] - as_bfloat16[i]).abs().max().item<double>(), 0.02 * scale) << i;
  }
}

INSTANTIATE_TEST_SUITE_P(
    All, DepthwiseTest,
    testing::Values(std::vector<int64_t>{5, 1, 2, 9, 7}, std::vector<int64_t>{5, 2, 2, 14, 14},
                    std::vector<int64_t>{5, 2, 0, 17, 12}, std::vector<int64_t>{4, 1, 1, 6, 8},
                    std::vector<int64_t>{7, 1, 3, 10, 10}, std::vector<int64_t>{9, 2, 4, 16, 21}));

}  // namespace
}  // namespace unmask
