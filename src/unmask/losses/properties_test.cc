// How the losses relate to each other, and their limits.

#include <gtest/gtest.h>

#include <cmath>
#include <numbers>

#include "unmask/losses/angular_margin.h"
#include "unmask/losses/test_heads.h"

namespace unmask {
namespace {

// Random embeddings and one random weight matrix, put into each loss.
class LossPropertyTest : public testing::Test {
 protected:
  LossPropertyTest() {
    at::manual_seed(11);
    x_ = at::randn({8, 5}, at::kDouble);
    weight_ = at::randn({2, 5}, at::kDouble);
  }

  double Value(std::string_view name, const Json& options, const at::Tensor& x,
               const at::Tensor& weight) {
    const auto loss = MakeLoss(name, options);
    loss->parameters().at("head.weight") = weight;
    if (loss->parameters().count("head.bias")) {
      loss->parameters().at("head.bias") = at::zeros({2}, at::kDouble);
    }
    return loss->Compute(x, labels_).item<double>();
  }
  double Value(std::string_view name, const Json& options = Json::object()) {
    return Value(name, options, x_, weight_);
  }
  at::Tensor UnitWeight() const { return weight_ / weight_.norm(2, {1}, true); }

  at::Tensor x_, weight_;
  at::Tensor labels_ = Labels({0, 1, 1, 0, 1, 0, 0, 1});
};

TEST_F(LossPropertyTest, AMarginOfOneIsPlain) {
  for (const double lambda : {0.0, 1.0, 700.0}) {
    const Json one = {{"margin", 1}, {"lambda_base", lambda}};
    EXPECT_NEAR(Value("l_softmax", one), Value("softmax"), 1e-9);
    EXPECT_NEAR(Value("a_softmax", one), Value("softmax", Json::object(), x_, UnitWeight()), 1e-9);
  }
}

TEST_F(LossPropertyTest, AHugeLambdaIsPlain) {
  const Json huge = {{"lambda_base", 1e9}, {"lambda_minimum", 1e9}};
  EXPECT_NEAR(Value("l_softmax", huge), Value("softmax"), 1e-6);
  EXPECT_NEAR(Value("a_softmax", huge), Value("softmax", Json::object(), x_, UnitWeight()), 1e-6);
}

TEST_F(LossPropertyTest, LSoftmaxWithUnitClassesIsASoftmax) {
  const Json options = {{"lambda_base", 3}, {"lambda_minimum", 3}};
  EXPECT_NEAR(Value("l_softmax", options, x_, UnitWeight()), Value("a_softmax", options), 1e-9);
}

TEST_F(LossPropertyTest, LengthsThatDoNotMatter) {
  const at::Tensor longer = x_ * at::rand({8, 1}, at::kDouble).add(0.5) * 9;
  for (const char* name : {"l2_softmax", "arcface", "coco", "am_softmax"}) {
    EXPECT_NEAR(Value(name, Json::object(), longer, weight_), Value(name), 1e-9) << name;
  }
  const at::Tensor heavier = weight_ * at::tensor({0.3, 7.0}, at::kDouble).view({2, 1});
  for (const char* name : {"arcface", "coco", "am_softmax", "a_softmax"}) {
    EXPECT_NEAR(Value(name, Json::object(), x_, heavier), Value(name), 1e-9) << name;
  }
}

TEST_F(LossPropertyTest, NoMarginIsCoco) {
  EXPECT_NEAR(Value("arcface", {{"margin", 0}}), Value("coco"), 1e-9);
  EXPECT_NEAR(Value("am_softmax", {{"margin", 0}, {"scale", 64}}), Value("coco"), 1e-9);
  EXPECT_NEAR(Value("focal", {{"gamma", 0}}), Value("softmax"), 1e-9);
  EXPECT_NEAR(Value("center", {{"weight", 0}}), Value("softmax"), 1e-9);
}

TEST_F(LossPropertyTest, CocoHasAFloor) {
  // Two opposite classes, an embedding on its class: ln(1 + e^−2s).
  const at::Tensor opposite =
      at::tensor({1.0, 0.0, 0.0, 0.0, 0.0, -1.0, 0.0, 0.0, 0.0, 0.0}, at::kDouble).view({2, 5});
  const auto loss = MakeLoss("coco", {{"scale", 2}});
  loss->parameters().at("head.weight") = opposite;
  EXPECT_NEAR(loss->Compute(Row({9, 0, 0, 0, 0}), Labels({0})).item<double>(), 0.018150, 1e-6);
}

TEST_F(LossPropertyTest, FocalAlphaWeighsTheFakeClass) {
  // α = 0.2: a fake counts 0.2, a real 0.8.
  const auto value = [&](double alpha, int64_t label) {
    const auto loss = MakeLoss("focal", {{"alpha", alpha}});
    loss->parameters().at("head.weight") = weight_;
    loss->parameters().at("head.bias") = at::zeros({2}, at::kDouble);
    return loss->Compute(x_.slice(0, 0, 1), Labels({label})).item<double>();
  };
  EXPECT_NEAR(value(0.2, 1), 0.2 * value(0, 1), 1e-12);
  EXPECT_NEAR(value(0.2, 0), 0.8 * value(0, 0), 1e-12);
}

TEST(Psi, IsContinuousFallsAndHasItsCorners) {
  for (const int64_t m : {1, 2, 3, 4, 5}) {
    double last = 2;
    for (int i = 0; i <= 2000; ++i) {
      const double theta = std::numbers::pi * i / 2000;
      const double psi = Psi(at::tensor({std::cos(theta)}, at::kDouble), m).item<double>();
      EXPECT_LT(psi, last) << m << " at " << theta;
      if (i > 0) {
        EXPECT_LT(last - psi, 0.02) << m << " at " << theta;
      }
      last = psi;
      if (i * m % 2000 == 0) {
        EXPECT_NEAR(psi, 1 - 2.0 * (i * m / 2000), 1e-9);
      }
    }
  }
}

TEST(Psi, HasItsDerivative) {
  // dψ/dcos θ = m (−1)^k sin(mθ) / sin θ, m² at 0 and π.
  for (const int64_t m : {2, 4}) {
    for (const double theta : {0.0, 0.3, 1.0, 2.0, 3.0, std::numbers::pi}) {
      at::Tensor c = at::tensor({std::cos(theta)}, at::kDouble).set_requires_grad(true);
      Psi(c, m).sum().backward();
      const double md = static_cast<double>(m);
      const double k = std::min(std::floor(md * theta / std::numbers::pi), md - 1);
      const double expected = std::sin(theta) < 1e-9
                                  ? md * md
                                  : md * std::pow(-1, k) * std::sin(md * theta) / std::sin(theta);
      EXPECT_NEAR(c.grad().item<double>(), expected, 1e-6) << m << " at " << theta;
    }
  }
}

// The loss of an embedding at the angle θ from its class, the other class opposite.
double ArcFaceAt(double theta, const Json& options) {
  const auto loss = MakeLoss("arcface", options, 2);
  SetWeight(*loss, {1, 0, -1, 0});
  return loss->Compute(Row({std::cos(theta), std::sin(theta)}), Labels({0})).item<double>();
}

TEST(ArcFace, RisesWithTheAngleWithoutAJump) {
  double last = -1;
  for (int i = 0; i <= 2000; ++i) {
    const double now = ArcFaceAt(std::numbers::pi * i / 2000, {{"scale", 8}});
    EXPECT_GE(now, last) << i;
    if (i > 0) {
      EXPECT_LT(now - last, 0.05) << i;
    }
    last = now;
  }
  // At θ = π the label has cos m − 2, the other class 1: s (1 − (cos m − 2)) and little more.
  EXPECT_NEAR(last, 8 * (3 - std::cos(0.5)), 1e-3);
}

TEST(ArcFace, EasyMarginIsPlainBeyondARightAngle) {
  const Json easy = {{"scale", 8}, {"easy_margin", true}};
  const Json none = {{"scale", 8}, {"margin", 0}};
  EXPECT_NEAR(ArcFaceAt(2.0, easy), ArcFaceAt(2.0, none), 1e-12);
  EXPECT_NEAR(ArcFaceAt(1.0, easy), ArcFaceAt(1.0, {{"scale", 8}}), 1e-12);
}

}  // namespace
}  // namespace unmask
