#include "unmask/train/optimizer.h"

#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include <cmath>

#include "unmask/base/error.h"

namespace unmask {
namespace {

TEST(OptimizerTest, StepsAsAdamWIsDefined) {
  // One filter (decayed) and one bias (not), three steps with a gradient of 2, against the formula.
  at::Tensor filter = at::full({1, 1}, 3.0, at::kDouble).set_requires_grad(true);
  at::Tensor bias = at::full({1}, 3.0, at::kDouble).set_requires_grad(true);
  Optimizer optimizer({{filter}, {bias}}, {.weight_decay = 0.1});
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
  Optimizer optimizer({{a}, {b}}, {});
  (3 * a + 4 * b).sum().backward();
  EXPECT_NEAR(optimizer.ClipGradients(0), 5, 1e-12);
  EXPECT_NEAR(optimizer.ClipGradients(10), 5, 1e-12);
  EXPECT_NEAR(a.grad().item<double>(), 3, 1e-12);
  EXPECT_NEAR(optimizer.ClipGradients(1), 5, 1e-12);
  EXPECT_NEAR(a.grad().item<double>(), 0.6, 1e-12);
  EXPECT_NEAR(b.grad().item<double>(), 0.8, 1e-12);
}

TEST(OptimizerTest, StepsAsSgdWithNesterovIsDefined) {
  at::Tensor w = at::full({1, 1}, 3.0, at::kDouble).set_requires_grad(true);
  Optimizer optimizer({{w, 0.5}}, {.name = "sgd", .weight_decay = 0.1, .momentum = 0.9});
  double x = 3, velocity = 0;
  for (int t = 0; t < 3; ++t) {
    optimizer.ZeroGradients();
    (w * w).sum().backward();
    optimizer.Step(0.02);
    const double g = 2 * x + 0.1 * x;
    velocity = 0.9 * velocity + g;
    x -= 0.5 * 0.02 * (g + 0.9 * velocity);
    EXPECT_NEAR(w.item<double>(), x, 1e-12);
  }
}

TEST(OptimizerTest, AscendsToTheWorstPointNearbyAndReturns) {
  at::Tensor a = at::full({1}, 0.1, at::kDouble).set_requires_grad(true);
  at::Tensor b = at::full({1}, 2.0, at::kDouble).set_requires_grad(true);
  Optimizer optimizer({{a}, {b}}, {});
  (3 * a + 4 * b).sum().backward();
  optimizer.Ascend(0.5);
  EXPECT_NEAR(a.item<double>(), 0.4, 1e-9);
  EXPECT_NEAR(b.item<double>(), 2.4, 1e-9);
  optimizer.Return();
  EXPECT_EQ(a.item<double>(), 0.1);  // not 0.1 + 0.3 − 0.3
  EXPECT_EQ(b.item<double>(), 2);
}

TEST(OptimizerTest, EveryRowOfTheTableFindsTheValley) {
  for (const OptimizerKind& kind : Optimizers()) {
    at::Tensor w = at::full({1, 1}, 3.0, at::kDouble).set_requires_grad(true);
    Optimizer optimizer({{w}}, {.name = kind.name});
    for (int t = 0; t < 300; ++t) {
      optimizer.ZeroGradients();
      (w - 1).square().sum().backward();
      optimizer.Step(0.05);
    }
    EXPECT_NEAR(w.item<double>(), 1, 0.01) << kind.name;
  }
  EXPECT_THROW(Optimizer({}, {.name = "adamv"}), UsageError);
}

}  // namespace
}  // namespace unmask
