// COCO, congenerous cosine (Liu, Li and Wang 2017, arXiv 1710.00870, equation 4):
//
//   CE(s · cos θ_k)
//
// with learnable centres W_k and no bias. It does not depend on ‖x‖ or ‖W_k‖. It cannot fall below
// ln(1 + (C − 1) e^{−sC / (C − 1)}), reached where the centres point apart as far as they can.

#include <ATen/ATen.h>

#include "unmask/losses/head.h"
#include "unmask/losses/makers.h"
#include "unmask/losses/options.h"

namespace unmask {
namespace {

struct Options {
  double scale = 64;
};
constexpr std::array<LossField<Options>, 1> kFields{
    {{"scale", "factor s of the cosines", &Options::scale, 1e-3, 1e4}}};

class Coco : public Loss {
 public:
  Coco(const LossShape& shape, const Options& options, Random& random)
      : shape_(shape), options_(options) {
    parameters_[shape.name + ".weight"] = InitialMatrix(shape, random);
  }

  at::Tensor Compute(const at::Tensor& embedding, const at::Tensor& labels) override {
    return CrossEntropy(Logits(embedding), labels, shape_);
  }

  at::Tensor Logits(const at::Tensor& embedding) override {
    return Cosines(embedding, parameters_.at(shape_.name + ".weight")) * options_.scale;
  }

  int AddHead(GraphBuilder& graph, int embedding) const override {
    return AddCosineHead(graph, embedding, options_.scale, shape_);
  }

 private:
  LossShape shape_;
  Options options_;
};

}  // namespace

LossMaker CocoMaker() { return MakerOf<Coco, kFields>(); }

}  // namespace unmask
