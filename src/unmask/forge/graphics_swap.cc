// Stands for the class "FaceSwap" of FaceForensics++: a graphics program that fits a face model to
// the landmarks of each frame, draws another person's texture with it and blends it in with colour
// correction (github.com/MarekKowalski/FaceSwap). Imitated with the face mesh: the texture is laid
// on triangle by triangle and sharp, placed and coloured in each frame for itself, so that it
// trembles a little and its narrow edge can be seen.
#include <opencv2/imgproc.hpp>

#include "unmask/base/random.h"
#include "unmask/forge/clip_forgeries.h"
#include "unmask/forge/donor_path.h"
#include "unmask/forge/mouth_filler.h"
#include "unmask/forge/paint.h"
#include "unmask/media/opencv_view.h"

namespace unmask {
namespace {

constexpr double kSteadiness = 3;  // the texture of a model changes seldom

class GraphicsSwap : public FaceForger {
 public:
  GraphicsSwap(const FaceClip& target, const FaceClip& source, uint64_t seed)
      : target_(target),
        source_(source),
        donors_(ChooseDonors(target.moments, source.patches, {.steadiness = kSteadiness})),
        seed_(seed) {
    Random random(DeriveSeed(seed, "graphics-swap"));
    jitter_ = Uniform(random, 0.002, 0.004);  // of the face's size
    feather_ = Uniform(random, 0.05, 0.08);
    light_ = Uniform(random, 0.35, 0.6);
  }

  void Forge(int64_t index, Image& frame) override {
    const auto t = static_cast<size_t>(index);
    if (t >= donors_.size() || donors_[t] < 0) return;
    cv::Mat view = ViewOf(frame);
    const cv::Rect area = AreaOf(target_.moments[t].mesh, 0.15, view.size());
    if (area.empty()) return;
    cv::Mat own = view(area);
    const std::vector<Point> mesh = Moved(target_.moments[t].mesh, -area.x, -area.y);
    const double size = FaceSize(mesh);
    const std::vector<Point> placed = Jittered(mesh, size, index);
    const FacePatch& donor = source_.patches[static_cast<size_t>(donors_[t])];
    cv::Mat face =
        WarpByMesh(ViewOf(donor.crop), donor.mesh, placed, MeshTriangles(false), own.size(), own);
    const cv::Mat inner = RegionWeights(placed, FaceRegion::kBelowBrow, own.size(), 0, 0.04 * size);
    MatchColours(face, StatisticsOf(face, inner), StatisticsOf(own, inner));
    MatchLight(face, own, inner, 0.3 * size, light_);
    // What the donor never showed, it does not cover.
    KeepMouth(face, own, mesh, MouthLack(MouthOpening(donor.mesh), MouthOpening(mesh)));
    BlendOnto(own, face,
              RegionWeights(placed, FaceRegion::kBelowBrow, own.size(), 0, feather_ * size,
                            UnseenSkin(donor.mesh, placed, own.size())));
  }

 private:
  // As if the landmarks of this frame had been found alone.
  std::vector<Point> Jittered(const std::vector<Point>& mesh, double size, int64_t index) const {
    Random random(DeriveSeed(seed_, "jitter", static_cast<uint64_t>(index)));
    const double scale = 1 + Normal(random, 0, jitter_), turn = Normal(random, 0, jitter_);
    const double dx = Normal(random, 0, jitter_ * size), dy = Normal(random, 0, jitter_ * size);
    const Point middle = mesh[1];  // tip of the nose
    const Similarity about{scale, turn, middle.x - (scale * middle.x - turn * middle.y) + dx,
                           middle.y - (turn * middle.x + scale * middle.y) + dy};
    return Transformed(mesh, about);
  }

  const FaceClip& target_;
  const FaceClip& source_;
  const std::vector<int> donors_;
  const uint64_t seed_;
  double jitter_ = 0, feather_ = 0, light_ = 0;
};

}  // namespace

std::unique_ptr<FaceForger> MakeGraphicsSwap(const FaceClip& target, const FaceClip& source,
                                             uint64_t seed) {
  return std::make_unique<GraphicsSwap>(target, source, seed);
}

}  // namespace unmask
