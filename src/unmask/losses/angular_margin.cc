#include "unmask/losses/angular_margin.h"

#include <ATen/ATen.h>

#include <algorithm>
#include <cmath>
#include <numbers>

namespace unmask {

at::Tensor Psi(const at::Tensor& cosine, int64_t m) {
  at::Tensor before = at::ones_like(cosine);  // T_0
  at::Tensor chebyshev = cosine;              // T_1
  for (int64_t n = 2; n <= m; ++n) {
    const at::Tensor next = 2 * cosine * chebyshev - before;
    before = chebyshev;
    chebyshev = next;
  }
  at::Tensor k = at::zeros_like(cosine.detach());
  for (int64_t j = 1; j < m; ++j) {
    const double border =
        std::cos(static_cast<double>(j) * std::numbers::pi / static_cast<double>(m));
    k += cosine.detach().lt(border).to(k.scalar_type());
  }
  const at::Tensor sign = 1 - 2 * k.remainder(2);
  return sign * chebyshev - 2 * k;
}

double Annealing::At(int64_t iteration) const {
  return std::max(minimum, base * std::pow(1 + gamma * static_cast<double>(iteration), -power));
}

at::Tensor AnnealedPsi(const at::Tensor& cosine, int64_t m, double lambda) {
  return (lambda * cosine + Psi(cosine, m)) / (1 + lambda);
}

}  // namespace unmask
