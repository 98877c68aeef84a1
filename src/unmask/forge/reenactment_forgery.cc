// Stands for the class "Face2Face" of FaceForensics++ (Thies et al., CVPR 2016): the expressions of
// another clip are carried over to the target's face, identity and pose stay. There a face model is
// fitted and drawn anew; here the picture itself is warped by the face mesh, whose landmarks move
// as the source's do, and a ring around the face holds the surroundings still. As in Face2Face, the
// inside of the mouth comes from the frame that fits best.
#include <opencv2/imgproc.hpp>

#include "unmask/base/random.h"
#include "unmask/forge/clip_forgeries.h"
#include "unmask/forge/mouth_filler.h"
#include "unmask/forge/paint.h"
#include "unmask/forge/reenactment.h"
#include "unmask/media/opencv_view.h"

namespace unmask {
namespace {

class Reenactment : public FaceForger {
 public:
  Reenactment(const FaceClip& target, const FaceClip& source, uint64_t seed)
      : target_(target),
        wanted_(Reenact(target, source, {.mouth = 1, .brows = 0.9, .eyes = 0.8})),
        filler_(target, source, wanted_) {
    Random random(DeriveSeed(seed, "reenactment"));
    softness_ = Uniform(random, 0.0025, 0.005);  // of the face's size; of the face drawn anew
    feather_ = Uniform(random, 0.06, 0.10);
  }

  void Forge(int64_t index, Image& frame) override {
    const auto t = static_cast<size_t>(index);
    if (t >= wanted_.size() || wanted_[t].mesh.empty()) return;
    cv::Mat view = ViewOf(frame);
    const auto [area, from, to] =
        PlaceToWarp(target_.moments[t].mesh, wanted_[t].mesh, view.size());
    if (area.empty()) return;
    cv::Mat own = view(area);
    const double size = FaceSize(std::span(to).first(kMeshSize));
    Image face(area.width, area.height);
    cv::Mat drawn = ViewOf(face);
    WarpByMesh(own.clone(), from, to, MeshTriangles(true), own.size(), own).copyTo(drawn);
    // Outside of the face the warped picture is as sharp as the own.
    cv::Mat soft;
    cv::GaussianBlur(drawn, soft, {}, std::max(0.4, softness_ * size));
    const std::span<const Point> mesh = std::span(to).first(kMeshSize);
    BlendOnto(drawn, soft, RegionWeights(mesh, FaceRegion::kWhole, own.size(), 0, feather_ * size));
    filler_.Fill(index, area.x, area.y, face);
    drawn.copyTo(own);
  }

 private:
  const FaceClip& target_;
  const std::vector<FaceMoment> wanted_;
  MouthFiller filler_;
  double softness_ = 0, feather_ = 0;
};

}  // namespace

std::unique_ptr<FaceForger> MakeReenactment(const FaceClip& target, const FaceClip& source,
                                            uint64_t seed) {
  return std::make_unique<Reenactment>(target, source, seed);
}

}  // namespace unmask
