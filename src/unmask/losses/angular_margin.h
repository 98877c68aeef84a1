#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>

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

}  // namespace unmask
