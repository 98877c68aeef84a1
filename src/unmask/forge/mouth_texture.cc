// Stands for the class "NeuralTextures" of FaceForensics++ (Thies et al., SIGGRAPH 2019): a texture
// of the target's face is learnt and a network draws the mouth anew from it, moved by another clip;
// all else stays. Imitated: the mouth is warped as the source's moves, brought to a small texture
// in the coordinates of the mesh, where it runs on smoothly over time and gets its detail from the
// texture of another moment, and drawn back from there.
#include <algorithm>
#include <opencv2/imgproc.hpp>

#include "unmask/base/random.h"
#include "unmask/forge/clip_forgeries.h"
#include "unmask/forge/mouth_filler.h"
#include "unmask/forge/paint.h"
#include "unmask/forge/reenactment.h"
#include "unmask/media/opencv_view.h"

namespace unmask {
namespace {

// The texture: the canonical face, `kUnit` pixels between the outer corners of the eyes.
constexpr double kUnit = 110;
constexpr double kLeft = -0.85, kTop = 0.2, kWidth = 1.7, kHeight = 1.0;
constexpr double kNow = 0.65;  // share of the present frame in the running texture

class MouthTexture : public FaceForger {
 public:
  MouthTexture(const FaceClip& target, const FaceClip& source, uint64_t seed)
      : target_(target),
        wanted_(Reenact(target, source, {.mouth = 0.9})),
        filler_(target, source, wanted_),
        size_(cvRound(kWidth * kUnit), cvRound(kHeight * kUnit)) {
    for (const Point& p : CanonicalMesh()) {
      uv_.push_back(
          {static_cast<float>((p.x - kLeft) * kUnit), static_cast<float>((p.y - kTop) * kUnit)});
    }
    Random random(DeriveSeed(seed, "mouth-texture"));
    softness_ = Uniform(random, 0.8, 1.3);  // pixels of the texture
    detail_ = Uniform(random, 0.4, 0.7);    // share of the detail that comes back
    LearnDetail();
  }

  void Forge(int64_t index, Image& frame) override {
    const auto t = static_cast<size_t>(index);
    if (t >= wanted_.size() || wanted_[t].mesh.empty()) return;
    cv::Mat view = ViewOf(frame);
    const auto [area, from, to] =
        PlaceToWarp(target_.moments[t].mesh, wanted_[t].mesh, view.size());
    if (area.empty()) return;
    cv::Mat own = view(area);
    const std::span<const Point> mesh = std::span(to).first(kMeshSize);
    Image moved(area.width, area.height);
    cv::Mat drawn = ViewOf(moved);
    WarpByMesh(own, from, to, MeshTriangles(true), own.size(), own).copyTo(drawn);
    filler_.Fill(index, area.x, area.y, moved);
    const cv::Mat texture = RunningTexture(drawn, mesh, wanted_[t].track);
    const cv::Mat face = WarpByMesh(texture, uv_, mesh, MeshTriangles(false), own.size(), drawn);
    const double size = FaceSize(mesh);
    BlendOnto(drawn, face,
              RegionWeights(mesh, FaceRegion::kLowerHalf, own.size(), 0.02 * size, 0.09 * size));
    drawn.copyTo(own);
  }

 private:
  cv::Mat ToTexture(const cv::Mat& picture, std::span<const Point> mesh) const {
    return WarpByMesh(picture, mesh, uv_, MeshTriangles(false), size_);
  }

  // Fine detail of the skin from the middle of the clip; none between the lips, which differ.
  void LearnDetail() {
    if (target_.patches.empty()) return;
    const FacePatch& patch = target_.patches[target_.patches.size() / 2];
    cv::Mat texture, soft;
    ToTexture(ViewOf(patch.crop), patch.mesh).convertTo(texture, CV_32F);
    cv::GaussianBlur(texture, soft, {}, softness_);
    fine_ = (texture - soft) * detail_;
    const cv::Mat lips = OutlineWeights(uv_, OuterLips(), size_, 0.03 * kUnit, 0.03 * kUnit);
    cv::Mat outside;
    cv::merge(std::vector<cv::Mat>(3, cv::Mat(1.0 - lips)), outside);
    cv::multiply(fine_, outside, fine_);
  }

  cv::Mat RunningTexture(const cv::Mat& face, std::span<const Point> mesh, int track) {
    cv::Mat now;
    ToTexture(face, mesh).convertTo(now, CV_32F);
    cv::GaussianBlur(now, now, {}, softness_);
    if (track != track_ || running_.empty()) {
      running_ = now;
    } else {
      running_ = running_ * (1 - kNow) + now * kNow;
    }
    track_ = track;
    cv::Mat texture;
    cv::Mat(fine_.empty() ? running_ : running_ + fine_).convertTo(texture, CV_8U);
    return texture;
  }

  const FaceClip& target_;
  const std::vector<FaceMoment> wanted_;
  MouthFiller filler_;
  const cv::Size size_;
  std::vector<Point> uv_;
  double softness_ = 0, detail_ = 0;
  int track_ = -1;
  cv::Mat fine_, running_;
};

}  // namespace

std::unique_ptr<FaceForger> MakeMouthTexture(const FaceClip& target, const FaceClip& source,
                                             uint64_t seed) {
  return std::make_unique<MouthTexture>(target, source, seed);
}

}  // namespace unmask
