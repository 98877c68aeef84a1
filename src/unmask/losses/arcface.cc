// ArcFace (Deng et al., CVPR 2019, equation 3):
//
//   CE(s · cos θ_k), with s · cos(θ_y + m) for the label
//
// m = 0 is COCO with the same s.
//
// Beyond θ_y = π − m the cosine rises again and would reward an embedding for moving away. Two
// classes whose directions are opposite meet this case often. The usual way out, cos θ − m sin m,
// jumps there (from −1 to −1.1173 for m = 0.5), so that the loss is not continuous. We go on with
// cos θ + cos m − 1: it begins at −1, falls on as θ grows, ends at cos m − 2, and its gradient with
// respect to cos θ is 1. `easy_margin` applies the margin only where θ_y < π / 2 and uses the plain
// cosine elsewhere, as the authors' code offers; it jumps at π / 2.

#include <ATen/ATen.h>

#include <cmath>

#include "unmask/losses/head.h"
#include "unmask/losses/makers.h"
#include "unmask/losses/options.h"

namespace unmask {
namespace {

struct Options {
  double scale = 64;
  double margin = 0.5;
  bool easy_margin = false;
};
constexpr std::array<LossField<Options>, 3> kFields{
    {{"scale", "factor s of the cosines", &Options::scale, 1e-3, 1e4},
     {"margin", "angle m added to that of the label, radians", &Options::margin, 0, 1.57},
     {"easy_margin", "only where the angle is below a right one", &Options::easy_margin}}};

class ArcFace : public Loss {
 public:
  ArcFace(const LossShape& shape, const Options& options, Random& random)
      : shape_(shape), options_(options) {
    parameters_[shape.name + ".weight"] = InitialMatrix(shape, random);
  }

  at::Tensor Compute(const at::Tensor& embedding, const at::Tensor& labels) override {
    const at::Tensor cosines = Cosines(embedding, parameters_.at(shape_.name + ".weight"));
    const at::Tensor target = WithMargin(TargetOf(cosines, labels));
    return CrossEntropy(WithTarget(cosines, labels, target) * options_.scale, labels, shape_);
  }

  at::Tensor Logits(const at::Tensor& embedding) override {
    return Cosines(embedding, parameters_.at(shape_.name + ".weight")) * options_.scale;
  }

  int AddHead(GraphBuilder& graph, int embedding) const override {
    return AddCosineHead(graph, embedding, options_.scale, shape_);
  }

 private:
  at::Tensor WithMargin(const at::Tensor& cosine) const {
    const double cos_m = std::cos(options_.margin), sin_m = std::sin(options_.margin);
    // sin θ has no finite gradient at 0 and π.
    const at::Tensor sine = (1 - cosine.square()).clamp_min(1e-12).sqrt();
    const at::Tensor moved = cosine * cos_m - sine * sin_m;
    if (options_.easy_margin) return at::where(cosine > 0, moved, cosine);
    return at::where(cosine > -cos_m, moved, cosine + (cos_m - 1));
  }

  LossShape shape_;
  Options options_;
};

}  // namespace

LossMaker ArcFaceMaker() { return MakerOf<ArcFace, kFields>(); }

}  // namespace unmask
