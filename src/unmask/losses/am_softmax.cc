// AM-softmax (Wang et al. 2018, arXiv 1801.05599, equation 6), also CosFace (Wang et al., CVPR
// 2018):
//
//   CE(s · (cos θ_k − m [k = y]))
//
// m = 0 is COCO with the same s.

#include <ATen/ATen.h>

#include "unmask/losses/head.h"
#include "unmask/losses/makers.h"
#include "unmask/losses/options.h"

namespace unmask {
namespace {

struct Options {
  double scale = 30;
  double margin = 0.35;
};
constexpr std::array<LossField<Options>, 2> kFields{
    {{"scale", "factor s of the cosines", &Options::scale, 1e-3, 1e4},
     {"margin", "margin m taken off the cosine of the label", &Options::margin, 0, 2}}};

class AmSoftmax : public Loss {
 public:
  AmSoftmax(const LossShape& shape, const Options& options, Random& random)
      : shape_(shape), options_(options) {
    parameters_[shape.name + ".weight"] = InitialMatrix(shape, random);
  }

  at::Tensor Compute(const at::Tensor& embedding, const at::Tensor& labels) override {
    const at::Tensor cosines = Cosines(embedding, parameters_.at(shape_.name + ".weight"));
    const at::Tensor target = TargetOf(cosines, labels) - options_.margin;
    return CrossEntropy(WithTarget(cosines, labels, target) * options_.scale, labels, shape_);
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

LossMaker AmSoftmaxMaker() { return MakerOf<AmSoftmax, kFields>(); }

}  // namespace unmask
