// L2-softmax (Ranjan, Castillo and Chellappa 2017, arXiv 1703.09507, equation 3):
//
//   CE(W · s · x / ‖x‖ + b)
//
// W is not normalised. It does not depend on ‖x‖. With s = 64 and two classes the probabilities
// saturate, so its log loss needs a calibrated temperature.

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
    {{"scale", "length s that embeddings are scaled to", &Options::scale, 1e-3, 1e4}}};

class L2Softmax : public Loss {
 public:
  L2Softmax(const LossShape& shape, const Options& options, Random& random)
      : shape_(shape), options_(options) {
    parameters_[shape.name + ".weight"] = InitialMatrix(shape, random);
    parameters_[shape.name + ".bias"] = InitialBias(shape);
  }

  at::Tensor Compute(const at::Tensor& embedding, const at::Tensor& labels) override {
    return CrossEntropy(Logits(embedding), labels, shape_);
  }

  at::Tensor Logits(const at::Tensor& embedding) override {
    const at::Tensor& weight = parameters_.at(shape_.name + ".weight");
    return LinearLogits(Normalized(AsHead(embedding, weight)) * options_.scale, *this, shape_);
  }

  int AddHead(GraphBuilder& graph, int embedding) const override {
    const int unit = graph.AddNode(L2Normalize{}, {embedding});
    return AddLinearHead(graph, graph.AddNode(Scale{options_.scale}, {unit}), shape_);
  }

 private:
  LossShape shape_;
  Options options_;
};

}  // namespace

LossMaker L2SoftmaxMaker() { return MakerOf<L2Softmax, kFields>(); }

}  // namespace unmask
