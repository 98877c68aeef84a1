// Focal loss (Lin et al. 2017, arXiv 1708.02002, equations 4 and 5), on the softmax probability p_t
// of the label:
//
//   −α_t (1 − p_t)^γ ln p_t
//
// α weighs class 1 (fake) with α and every other class with 1 − α; α = 0, the default, switches it
// off: all weigh 1. Where four fakes meet one real, as in FaceForensics++ drawn as it is, α = 0.2
// would balance them; the trainer's batches hold as many real as fake faces. γ = 0 is
// cross-entropy. Weights act per sample, before the mean over the batch.

#include <ATen/ATen.h>

#include "unmask/losses/head.h"
#include "unmask/losses/makers.h"
#include "unmask/losses/options.h"

namespace unmask {
namespace {

struct Options {
  double gamma = 2;
  double alpha = 0;
};
constexpr std::array<LossField<Options>, 2> kFields{
    {{"gamma", "how strongly easy faces are weighed down; 0: not at all", &Options::gamma, 0, 20},
     {"alpha", "weight of fakes, of real faces 1 - alpha; 0: all weigh 1", &Options::alpha, 0, 1}}};

class Focal : public Loss {
 public:
  Focal(const LossShape& shape, const Options& options, Random& random)
      : shape_(shape), options_(options) {
    parameters_[shape.name + ".weight"] = InitialMatrix(shape, random);
    parameters_[shape.name + ".bias"] = InitialBias(shape);
  }

  at::Tensor Compute(const at::Tensor& embedding, const at::Tensor& labels) override {
    const at::Tensor log_p = TargetOf(at::log_softmax(Logits(embedding), 1), labels);
    // 1 − p without cancellation; its power has no finite gradient at 0 for γ < 1.
    const at::Tensor rest = (-at::expm1(log_p)).clamp_min(1e-12);
    at::Tensor loss = -at::pow(rest, options_.gamma) * log_p;
    if (options_.alpha > 0) {
      const at::Tensor fake = labels.eq(1).to(loss.scalar_type());
      loss = loss * (fake * options_.alpha + (1 - fake) * (1 - options_.alpha));
    }
    return WeightedMean(loss, labels, shape_);
  }

  at::Tensor Logits(const at::Tensor& embedding) override {
    return LinearLogits(embedding, *this, shape_);
  }

  int AddHead(GraphBuilder& graph, int embedding) const override {
    return AddLinearHead(graph, embedding, shape_);
  }

 private:
  LossShape shape_;
  Options options_;
};

}  // namespace

LossMaker FocalMaker() { return MakerOf<Focal, kFields>(); }

}  // namespace unmask
