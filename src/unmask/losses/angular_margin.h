#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>

#include "unmask/base/random.h"
#include "unmask/losses/loss.h"

namespace unmask {

// What L-softmax and A-softmax share.

// ψ(θ) = (−1)^k cos(mθ) − 2k for θ ∈ [kπ/m, (k + 1)π/m] (Liu et al., ICML 2016, equation 6), given
// cos θ ∈ [−1, 1]. Continuous and falling from 1 at θ = 0 to 1 − 2m at π; m ≥ 1, and m = 1 is cos
// θ. cos(mθ) is computed as the Chebyshev polynomial T_m(cos θ), so the gradient, which rises to m²
// at θ = 0 and π, stays finite.
at::Tensor Psi(const at::Tensor& cosine, int64_t m);

// How much of the plain cosine is mixed in: λ(it) = max(minimum, base · (1 + gamma · it)^−power).
struct Annealing {
  double base = 1000;
  double gamma = 0;
  double power = 1;
  double minimum = 0;

  double At(int64_t iteration) const;
};

// (λ cos θ + ψ(θ)) / (1 + λ), the cosine of the label with its annealed margin.
at::Tensor AnnealedPsi(const at::Tensor& cosine, int64_t m, double lambda);

// The parameters of both; each has standard values of its own.
struct AngularMarginOptions {
  int64_t margin = 4;
  Annealing lambda;
};

// CE of ‖W_k‖ ‖x‖ cos θ_k, with ‖W_y‖ ‖x‖ (λ cos θ_y + ψ(θ_y)) / (1 + λ) for the label; no bias. λ
// depends on the number of Update()s. `unit_classes` scales every W_k to length 1 first.
class AngularMarginLoss final : public Loss {
 public:
  AngularMarginLoss(const LossShape& shape, const AngularMarginOptions& options, bool unit_classes,
                    Random& random);

  at::Tensor Compute(const at::Tensor& embedding, const at::Tensor& labels) override;
  at::Tensor Logits(const at::Tensor& embedding) override;
  int AddHead(GraphBuilder& graph, int embedding) const override;
  void Update(const at::Tensor& embedding, const at::Tensor& labels) override;

 private:
  at::Tensor Weight() const;

  LossShape shape_;
  AngularMarginOptions options_;
  bool unit_classes_;
};

}  // namespace unmask
