#include "unmask/train/optimizer.h"

#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include <cmath>
#include <numbers>

#include "unmask/train/schedule.h"

namespace unmask {
namespace {

TEST(OptimizerTest, StepsAsAdamWIsDefined) {
  // One filter (decayed) and one bias (not), three steps with a gradient of 2, against the formula.
  at::Tensor filter = at::full({1, 1}, 3.0, at::kDouble).set_requires_grad(true);
  at::Tensor bias = at::full({1}, 3.0, at::kDouble).set_requires_grad(true);
  Optimizer optimizer({filter, bias}, 0.1);
  double w = 3, b = 3, m = 0, v = 0;
  for (int t = 1; t <= 3; ++t) {
    const double rate = 0.01 * t;
    optimizer.ZeroGradients();
    (2 * filter.sum() + 2 * bias.sum()).backward();
    optimizer.Step(rate);
    m = 0.9 * m + 0.1 * 2;
    v = 0.999 * v + 0.001 * 4;
    const double step =
        rate * (m / (1 - std::pow(0.9, t))) / (std::sqrt(v / (1 - std::pow(0.999, t))) + 1e-8);
    w = w * (1 - rate * 0.1) - step;
    b = b - step;
    EXPECT_NEAR(filter.item<double>(), w, 1e-12);
    EXPECT_NEAR(bias.item<double>(), b, 1e-12);
  }
}

TEST(OptimizerTest, ClippingScalesTheCommonNorm) {
  at::Tensor a = at::zeros({1}, at::kDouble).set_requires_grad(true);
  at::Tensor b = at::zeros({1}, at::kDouble).set_requires_grad(true);
  Optimizer optimizer({a, b}, 0);
  (3 * a + 4 * b).sum().backward();
  EXPECT_NEAR(optimizer.ClipGradients(0), 5, 1e-12);
  EXPECT_NEAR(optimizer.ClipGradients(10), 5, 1e-12);
  EXPECT_NEAR(a.grad().item<double>(), 3, 1e-12);
  EXPECT_NEAR(optimizer.ClipGradients(1), 5, 1e-12);
  EXPECT_NEAR(a.grad().item<double>(), 0.6, 1e-12);
  EXPECT_NEAR(b.grad().item<double>(), 0.8, 1e-12);
}

TEST(ScheduleTest, RisesThenFallsAsACosine) {
  const auto rate = [](int64_t step) { return LearningRateAt(step, 110, 2.0, 0.1); };
  EXPECT_NEAR(rate(0), 2.0 / 12, 1e-12);
  EXPECT_NEAR(rate(10), 2.0 * 11 / 12, 1e-12);
  EXPECT_NEAR(rate(11), 2.0, 1e-12);
  EXPECT_NEAR(rate(11 + 33), 1 + std::cos(std::numbers::pi / 3), 1e-12);
  EXPECT_GT(rate(109), 0);
  EXPECT_LT(rate(109), 0.001);
  EXPECT_EQ(LearningRateAt(0, 1, 2.0, 0.0), 2.0);
}

}  // namespace
}  // namespace unmask
