#include "unmask/losses/head.h"

#include <ATen/ATen.h>

namespace unmask {

at::Tensor InitialMatrix(const LossShape& shape, Random& random) {
  at::Tensor weight = at::empty({shape.classes, shape.embedding}, at::kFloat);
  float* values = weight.data_ptr<float>();
  for (int64_t i = 0; i < weight.numel(); ++i) {
    values[i] = static_cast<float>(Normal(random, 0, 0.01));
  }
  return weight.set_requires_grad(true);
}

at::Tensor InitialBias(const LossShape& shape) {
  return at::zeros({shape.classes}, at::kFloat).set_requires_grad(true);
}

at::Tensor AsHead(const at::Tensor& x, const at::Tensor& weight) {
  return x.to(weight.scalar_type());
}

at::Tensor Normalized(const at::Tensor& rows) {
  return rows / rows.norm(2, {1}, /*keepdim=*/true).clamp_min(1e-12);
}

at::Tensor Cosines(const at::Tensor& x, const at::Tensor& weight) {
  // Rounding may leave the range by a few units in the last place.
  return at::mm(Normalized(AsHead(x, weight)), Normalized(weight).t()).clamp(-1, 1);
}

at::Tensor TargetOf(const at::Tensor& values, const at::Tensor& labels) {
  return values.gather(1, labels.unsqueeze(1)).squeeze(1);
}

at::Tensor WithTarget(const at::Tensor& values, const at::Tensor& labels,
                      const at::Tensor& target) {
  return values.scatter(1, labels.unsqueeze(1), target.unsqueeze(1));
}

at::Tensor CrossEntropy(const at::Tensor& logits, const at::Tensor& labels,
                        const LossShape& shape) {
  if (shape.class_weights.empty()) return at::cross_entropy_loss(logits, labels);
  return at::cross_entropy_loss(logits, labels, at::tensor(shape.class_weights, logits.options()));
}

at::Tensor WeightedMean(const at::Tensor& loss, const at::Tensor& labels, const LossShape& shape) {
  if (shape.class_weights.empty()) return loss.mean();
  const at::Tensor weights =
      at::tensor(shape.class_weights, loss.options()).index_select(0, labels);
  return (loss * weights).sum() / weights.sum();
}

at::Tensor LinearLogits(const at::Tensor& x, Loss& loss, const LossShape& shape) {
  const at::Tensor& weight = loss.parameters().at(shape.name + ".weight");
  return at::addmm(loss.parameters().at(shape.name + ".bias"), AsHead(x, weight), weight.t());
}

int AddLinearHead(GraphBuilder& graph, int embedding, const LossShape& shape) {
  return graph.AddNode(Linear{.out_features = shape.classes}, {embedding}, shape.name);
}

int AddCosineHead(GraphBuilder& graph, int embedding, double scale, const LossShape& shape) {
  const int unit = graph.AddNode(L2Normalize{}, {embedding});
  const int cosines =
      graph.AddNode(Linear{.out_features = shape.classes, .bias = false, .normalize_weight = true},
                    {unit}, shape.name);
  return graph.AddNode(Scale{scale}, {cosines});
}

}  // namespace unmask
