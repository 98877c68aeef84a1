#include "unmask/losses/angular_margin.h"

#include <ATen/ATen.h>

#include <algorithm>
#include <cmath>
#include <numbers>

#include "unmask/losses/head.h"

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

AngularMarginLoss::AngularMarginLoss(const LossShape& shape, const AngularMarginOptions& options,
                                     bool unit_classes, Random& random)
    : shape_(shape), options_(options), unit_classes_(unit_classes) {
  parameters_[shape.name + ".weight"] = InitialMatrix(shape, random);
  state_["iteration"] = at::zeros({1}, at::kLong);
}

at::Tensor AngularMarginLoss::Weight() const {
  const at::Tensor& weight = parameters_.at(shape_.name + ".weight");
  return unit_classes_ ? Normalized(weight) : weight;
}

at::Tensor AngularMarginLoss::Compute(const at::Tensor& embedding, const at::Tensor& labels) {
  const at::Tensor weight = Weight();
  const at::Tensor x = AsHead(embedding, weight);
  const double lambda = options_.lambda.At(state_.at("iteration").item<int64_t>());
  const at::Tensor cosines = Cosines(x, weight);
  const at::Tensor target = AnnealedPsi(TargetOf(cosines, labels), options_.margin, lambda);
  const at::Tensor lengths = x.norm(2, {1}, true) * weight.norm(2, {1}).unsqueeze(0);
  return CrossEntropy(lengths * WithTarget(cosines, labels, target), labels, shape_);
}

at::Tensor AngularMarginLoss::Logits(const at::Tensor& embedding) {
  const at::Tensor weight = Weight();
  return at::mm(AsHead(embedding, weight), weight.t());
}

int AngularMarginLoss::AddHead(GraphBuilder& graph, int embedding) const {
  const Linear linear{
      .out_features = shape_.classes, .bias = false, .normalize_weight = unit_classes_};
  return graph.AddNode(linear, {embedding}, shape_.name);
}

void AngularMarginLoss::Update(const at::Tensor&, const at::Tensor&) {
  state_.at("iteration").add_(1);
}

}  // namespace unmask
