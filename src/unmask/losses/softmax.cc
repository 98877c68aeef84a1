// Cross-entropy of W x + b.

#include <ATen/ATen.h>

#include "unmask/losses/makers.h"

namespace unmask {
namespace {

class Softmax : public Loss {
 public:
  Softmax(const LossShape& shape, Random& random) : shape_(shape) {
    at::Tensor weight = at::empty({shape.classes, shape.embedding}, at::kFloat);
    float* values = weight.data_ptr<float>();
    // Small at first: the usual initialisation starts at a loss of 4 and costs many steps.
    for (int64_t i = 0; i < weight.numel(); ++i) {
      values[i] = static_cast<float>(Normal(random, 0, 0.01));
    }
    parameters_[shape.name + ".weight"] = weight.set_requires_grad(true);
    parameters_[shape.name + ".bias"] =
        at::zeros({shape.classes}, at::kFloat).set_requires_grad(true);
  }

  at::Tensor Compute(const at::Tensor& embedding, const at::Tensor& labels) override {
    return at::cross_entropy_loss(Logits(embedding), labels);
  }

  at::Tensor Logits(const at::Tensor& embedding) override {
    const at::Tensor& weight = parameters_.at(shape_.name + ".weight");
    return at::addmm(parameters_.at(shape_.name + ".bias"), embedding.to(weight.scalar_type()),
                     weight.t());
  }

  int AddHead(GraphBuilder& graph, int embedding) const override {
    return graph.AddNode(Linear{.out_features = shape_.classes}, {embedding}, shape_.name);
  }

  NamedTensors& parameters() override { return parameters_; }

 private:
  LossShape shape_;
  NamedTensors parameters_;
};

}  // namespace

std::unique_ptr<Loss> MakeSoftmax(const LossShape& shape, Random& random) {
  return std::make_unique<Softmax>(shape, random);
}

}  // namespace unmask
