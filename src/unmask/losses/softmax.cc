// Softmax: CE(W x + b). The base line of the study.

#include <ATen/ATen.h>

#include "unmask/losses/head.h"
#include "unmask/losses/makers.h"
#include "unmask/losses/options.h"

namespace unmask {
namespace {

class Softmax : public Loss {
 public:
  Softmax(const LossShape& shape, const NoOptions&, Random& random) : shape_(shape) {
    parameters_[shape.name + ".weight"] = InitialMatrix(shape, random);
    parameters_[shape.name + ".bias"] = InitialBias(shape);
  }

  at::Tensor Compute(const at::Tensor& embedding, const at::Tensor& labels) override {
    return CrossEntropy(Logits(embedding), labels, shape_);
  }

  at::Tensor Logits(const at::Tensor& embedding) override {
    return LinearLogits(embedding, *this, shape_);
  }

  int AddHead(GraphBuilder& graph, int embedding) const override {
    return AddLinearHead(graph, embedding, shape_);
  }

 private:
  LossShape shape_;
};

}  // namespace

LossMaker SoftmaxMaker() { return MakerOf<Softmax, kNoFields>(); }

}  // namespace unmask
