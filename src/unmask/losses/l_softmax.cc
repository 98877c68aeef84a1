// L-softmax, large-margin softmax (Liu et al., ICML 2016, equations 4 to 6):
//
//   CE of ‖W_k‖ ‖x‖ cos θ_k, with ‖W_y‖ ‖x‖ (λ cos θ_y + ψ(θ_y)) / (1 + λ) for the label
//
// No bias. λ(it) = max(λ_min, base · (1 + γ · it)^−p), it = steps done; the authors' values are
// base 1000, γ 2.5e-5, p 35, λ_min 0. That is slow: λ is 421 after 1,000 steps, 5 after 6,500 and 1
// after 8,700, so a short run hardly sees the margin. For a run of N steps γ = 0.2 / N falls as far
// as theirs did in 8,000. Where ‖W‖ = 1 it is A-softmax; m = 1 is softmax without bias.

#include "unmask/losses/angular_margin.h"
#include "unmask/losses/makers.h"
#include "unmask/losses/options.h"

namespace unmask {
namespace {

struct Options {
  int64_t margin = 4;
  double lambda_base = 1000;
  double lambda_gamma = 2.5e-5;
  double lambda_power = 35;
  double lambda_minimum = 0;
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
  return std::make_unique<AngularMarginLoss>(shape, options, /*unit_classes=*/false, random);
}

}  // namespace

LossMaker LSoftmaxMaker() { return MakerWith<kFields, Make>(); }

}  // namespace unmask
