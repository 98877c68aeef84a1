// x = (3, 4), W_0 = (1, 0), W_1 = (0, 2), label 0: ‖x‖ = 5, cos θ = (0.6, 0.8). The values were
// worked out by hand from the formulas.

#include <gtest/gtest.h>

#include <cmath>

#include "unmask/losses/angular_margin.h"
#include "unmask/losses/test_heads.h"

namespace unmask {
namespace {

std::unique_ptr<Loss> Example(std::string_view name, const Json& options) {
  auto loss = MakeLoss(name, options, 2);
  SetWeight(*loss, {1, 0, 0, 2});
  for (auto& [key, tensor] : loss->state()) {
    if (tensor.is_floating_point()) tensor = tensor.to(at::kDouble);
  }
  return loss;
}

double Value(std::string_view name, const Json& options = Json::object()) {
  return Example(name, options)->Compute(Row({3, 4}), Labels({0})).item<double>();
}

TEST(WorkedExample, Softmax) { EXPECT_NEAR(Value("softmax"), 5.006715, 1e-6); }

TEST(WorkedExample, L2Softmax) {
  EXPECT_NEAR(Value("l2_softmax", {{"scale", 1}}), 1.313262, 1e-6);
  EXPECT_NEAR(Value("l2_softmax"), 64.0, 1e-6);
}

TEST(WorkedExample, LSoftmax) {
  const auto value = [](int m, double lambda) {
    return Value("l_softmax", {{"margin", m}, {"lambda_base", 0}, {"lambda_minimum", lambda}});
  };
  EXPECT_NEAR(value(2, 0), 9.400083, 1e-6);
  EXPECT_NEAR(value(4, 0), 13.784001, 1e-6);
  EXPECT_NEAR(value(4, 5), 6.465557, 1e-6);
}

TEST(WorkedExample, ASoftmax) {
  const auto value = [](int m, double lambda) {
    return Value("a_softmax", {{"margin", m}, {"lambda_base", 0}, {"lambda_minimum", lambda}});
  };
  EXPECT_NEAR(value(2, 0), 5.404506, 1e-6);
  EXPECT_NEAR(value(4, 0), 9.784056, 1e-6);
  EXPECT_NEAR(value(4, 5), 2.545667, 1e-6);
}

TEST(WorkedExample, Annealing) {
  EXPECT_NEAR((Annealing{1000, 2.5e-5, 35, 0}.At(1000)), 421.371, 1e-3);
  const Annealing sphere{1000, 0.12, 1, 5};
  EXPECT_GT(sphere.At(1658), 5);
  EXPECT_EQ(sphere.At(1659), 5);
}

TEST(WorkedExample, ArcFace) {
  EXPECT_NEAR(Value("arcface"), 42.047417, 1e-6);
  EXPECT_NEAR(Value("arcface", {{"scale", 30}}), 19.709727, 1e-6);
  EXPECT_NEAR(std::cos(std::acos(0.6) + 0.5), 0.143009, 1e-6);
}

TEST(WorkedExample, Center) {
  // Centres at 0: CE + λ · ½‖x − c‖² = 5.006715 + λ · 12.5.
  EXPECT_NEAR(Value("center", {{"weight", 1}}), 5.006715 + 12.5, 1e-6);
  EXPECT_NEAR(Value("center"), 5.006715 + 0.003 * 12.5, 1e-6);
  const auto loss = Example("center", Json::object());
  loss->Update(Row({3, 4}), Labels({0}));
  EXPECT_TRUE(loss->state().at("centres").allclose(
      at::tensor({0.75, 1.0, 0.0, 0.0}, at::kDouble).view({2, 2})));
}

TEST(WorkedExample, Coco) {
  EXPECT_NEAR(Value("coco", {{"scale", 1}}), 0.798139, 1e-6);
  EXPECT_NEAR(Value("coco", {{"scale", 16}}), 3.239953, 1e-6);
  EXPECT_NEAR(Value("coco"), 12.800003, 1e-6);
}

TEST(WorkedExample, Focal) {
  // A logit of ln 9 against 0 has p_t = 0.9.
  const auto loss = MakeLoss("focal", Json::object(), 1);
  SetWeight(*loss, {1, 0});
  at::Tensor x = Row({std::log(9.0)}).set_requires_grad(true);
  const at::Tensor value = loss->Compute(x, Labels({0}));
  value.backward();
  EXPECT_NEAR(value.item<double>(), 0.001054, 1e-6);
  EXPECT_NEAR(x.grad().item<double>(), -0.0028965, 1e-7);
}

TEST(WorkedExample, AmSoftmax) {
  // s (cos θ_0 − m) = 7.5 against s cos θ_1 = 24: ln(1 + e^16.5).
  EXPECT_NEAR(Value("am_softmax"), std::log1p(std::exp(16.5)), 1e-6);
}

TEST(WorkedExample, SupervisedContrastive) {
  // Three faces in the plane at 0°, 0° and 90°, labels 0, 0, 1, τ = 1: the two partners see
  // e¹ / (e¹ + e⁰), the third has none. The head of zeros adds ln 2.
  const auto loss = MakeLoss("supervised_contrastive", {{"temperature", 1}}, 2);
  SetWeight(*loss, {0, 0, 0, 0});
  const at::Tensor x = at::tensor({2.0, 0.0, 5.0, 0.0, 0.0, 3.0}, at::kDouble).view({3, 2});
  EXPECT_NEAR(loss->Compute(x, Labels({0, 0, 1})).item<double>(),
              std::log1p(std::exp(-1.0)) + std::log(2.0), 1e-12);
}

}  // namespace
}  // namespace unmask
