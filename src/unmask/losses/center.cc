// Center loss (Wen et al., ECCV 2016, equations 2 to 5):
//
//   CE(W x + b) + λ/2 · mean ‖x − c_y‖²
//
// The paper sums over the batch; we take the mean, so that λ does not depend on the batch's size.
// It has two learning rates: the optimiser's moves x and W; the centres are moved by Update() with
// a rate of their own, α:
//
//   Δc_j = Σ_{y_i = j} (c_j − x_i) / (1 + n_j),   c_j ← c_j − α Δc_j
//
// where n_j counts the batch's faces of class j. No gradient flows into the centres.

#include <ATen/ATen.h>
#include <ATen/core/grad_mode.h>

#include "unmask/losses/head.h"
#include "unmask/losses/makers.h"
#include "unmask/losses/options.h"

namespace unmask {
namespace {

struct Options {
  double weight = 0.003;
  double centre_rate = 0.5;
};
constexpr std::array<LossField<Options>, 2> kFields{
    {{"weight", "weight (lambda) of the distance to the centres", &Options::weight, 0, 1e3},
     {"centre_rate", "rate (alpha) at which centres follow their faces", &Options::centre_rate, 0,
      1}}};

class Center : public Loss {
 public:
  Center(const LossShape& shape, const Options& options, Random& random)
      : shape_(shape), options_(options) {
    parameters_[shape.name + ".weight"] = InitialMatrix(shape, random);
    parameters_[shape.name + ".bias"] = InitialBias(shape);
    state_["centres"] = at::zeros({shape.classes, shape.embedding}, at::kFloat);
  }

  at::Tensor Compute(const at::Tensor& embedding, const at::Tensor& labels) override {
    const at::Tensor x = AsHead(embedding, parameters_.at(shape_.name + ".weight"));
    const at::Tensor centres = state_.at("centres").to(x.scalar_type());
    const at::Tensor distance = (x - centres.index_select(0, labels)).square().sum(1);
    return CrossEntropy(Logits(embedding), labels, shape_) +
           options_.weight / 2 * WeightedMean(distance, labels, shape_);
  }

  at::Tensor Logits(const at::Tensor& embedding) override {
    return LinearLogits(embedding, *this, shape_);
  }

  int AddHead(GraphBuilder& graph, int embedding) const override {
    return AddLinearHead(graph, embedding, shape_);
  }

  void Update(const at::Tensor& embedding, const at::Tensor& labels) override {
    const at::NoGradGuard no_grad;
    at::Tensor& centres = state_.at("centres");
    const at::Tensor x = embedding.detach().to(centres.scalar_type());
    at::Tensor sums = at::zeros_like(centres);
    sums.index_add_(0, labels, centres.index_select(0, labels) - x);
    at::Tensor counts = at::zeros({centres.size(0)}, centres.options());
    counts.index_add_(0, labels, at::ones({labels.size(0)}, centres.options()));
    centres.sub_(options_.centre_rate * sums / (1 + counts).unsqueeze(1));
  }

 private:
  LossShape shape_;
  Options options_;
};

}  // namespace

LossMaker CenterMaker() { return MakerOf<Center, kFields>(); }

}  // namespace unmask
