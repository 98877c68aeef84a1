// A-softmax, SphereFace (Liu et al., CVPR 2017, equations 5 to 7):
//
//   CE of ‖x‖ cos θ_k, with ‖x‖ (λ cos θ_y + ψ(θ_y)) / (1 + λ) for the label
//
// The classes' W_k are scaled to length 1; no bias. λ(it) = max(λ_min, base · (1 + γ · it)^−p), it
// = steps done; the authors' values are base 1000, γ 0.12, p 1, λ_min 5, which is reached at step
// 1,659. m = 1 is softmax with normalised classes.

#include "unmask/losses/angular_margin.h"
#include "unmask/losses/makers.h"
#include "unmask/losses/options.h"

namespace unmask {
namespace {

struct Options {
  int64_t margin = 4;
  double lambda_base = 1000;
  double lambda_gamma = 0.12;
  double lambda_power = 1;
  double lambda_minimum = 5;
};
constexpr std::array<LossField<Options>, 5> kFields{
    {{"margin", "whole factor m of the label's angle", &Options::margin, 1, 8},
     {"lambda_base", "share of the plain cosine at the first step", &Options::lambda_base, 0, 1e9},
     {"lambda_gamma", "speed at which it falls, per step", &Options::lambda_gamma, 0, 1e3},
     {"lambda_power", "power of the fall", &Options::lambda_power, 0, 1e3},
     {"lambda_minimum", "where the fall ends", &Options::lambda_minimum, 0, 1e9}}};

std::unique_ptr<Loss> Make(const LossShape& shape, const Options& o, Random& random) {
  const AngularMarginOptions options{
      o.margin, {o.lambda_base, o.lambda_gamma, o.lambda_power, o.lambda_minimum}};
  return std::make_unique<AngularMarginLoss>(shape, options, /*unit_classes=*/true, random);
}

}  // namespace

LossMaker ASoftmaxMaker() { return MakerWith<kFields, Make>(); }

}  // namespace unmask
