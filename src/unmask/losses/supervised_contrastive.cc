// Supervised contrastive loss (Khosla et al., NeurIPS 2020, equation 2), with z = x / ‖x‖ and
// P(i) the other faces of the batch that share the label of i:
//
//   mean over i of −1/|P(i)| Σ_{p ∈ P(i)} ln( exp(z_i · z_p / τ) / Σ_{a ≠ i} exp(z_i · z_a / τ) )
//
// Faces without a partner are passed over. It shapes the embedding alone and has no classes. The
// authors train a classifier afterwards; here a linear one on z learns beside it, from embeddings
// through which no gradient flows, so that a model can be exported at any time. Class weights act
// on this classifier alone.

#include <ATen/ATen.h>

#include "unmask/losses/head.h"
#include "unmask/losses/makers.h"
#include "unmask/losses/options.h"

namespace unmask {
namespace {

struct Options {
  double temperature = 0.1;
};
constexpr std::array<LossField<Options>, 1> kFields{
    {{"temperature", "tau: the lower, the more the nearest faces count", &Options::temperature,
      1e-3, 1e3}}};

class SupervisedContrastive : public Loss {
 public:
  SupervisedContrastive(const LossShape& shape, const Options& options, Random& random)
      : shape_(shape), options_(options) {
    parameters_[shape.name + ".weight"] = InitialMatrix(shape, random);
    parameters_[shape.name + ".bias"] = InitialBias(shape);
  }

  at::Tensor Compute(const at::Tensor& embedding, const at::Tensor& labels) override {
    const at::Tensor z = Normalized(AsHead(embedding, parameters_.at(shape_.name + ".weight")));
    return Contrast(z, labels) +
           CrossEntropy(LinearLogits(z.detach(), *this, shape_), labels, shape_);
  }

  at::Tensor Logits(const at::Tensor& embedding) override {
    const at::Tensor& weight = parameters_.at(shape_.name + ".weight");
    return LinearLogits(Normalized(AsHead(embedding, weight)), *this, shape_);
  }

  int AddHead(GraphBuilder& graph, int embedding) const override {
    return AddLinearHead(graph, graph.AddNode(L2Normalize{}, {embedding}), shape_);
  }

 private:
  at::Tensor Contrast(const at::Tensor& z, const at::Tensor& labels) const {
    const at::Tensor self = at::eye(z.size(0), z.options()).to(at::kBool);
    const at::Tensor similarity =
        (at::mm(z, z.t()) / options_.temperature).masked_fill(self, -1e30);
    const at::Tensor log_p = similarity - similarity.logsumexp({1}, /*keepdim=*/true);
    const at::Tensor partners =
        labels.unsqueeze(0).eq(labels.unsqueeze(1)).logical_and(self.logical_not());
    const at::Tensor counts = partners.sum(1).to(z.scalar_type());
    const at::Tensor sums = log_p.masked_fill(partners.logical_not(), 0).sum(1);
    const at::Tensor paired = counts.gt(0).to(z.scalar_type());
    return -(sums / counts.clamp_min(1)).sum() / paired.sum().clamp_min(1);
  }

  LossShape shape_;
  Options options_;
};

}  // namespace

LossMaker SupervisedContrastiveMaker() { return MakerOf<SupervisedContrastive, kFields>(); }

}  // namespace unmask
