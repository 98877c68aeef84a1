// Stands for the class "Deepfakes" of FaceForensics++: a face swap by two autoencoders with one
// encoder, as in the program faceswap (github.com/deepfakes/faceswap). What such a swap looks like
// is imitated, without the networks: another person's inner face in the target's pose and
// expression, of low resolution and a little soft, steady over time, its colours matched, blended
// in with a soft edge from the brows to the chin.
#include <algorithm>
#include <opencv2/imgproc.hpp>

#include "unmask/base/random.h"
#include "unmask/forge/clip_forgeries.h"
#include "unmask/forge/donor_path.h"
#include "unmask/forge/mouth_filler.h"
#include "unmask/forge/paint.h"
#include "unmask/media/opencv_view.h"

namespace unmask {
namespace {

constexpr double kSteadiness = 0.6;
constexpr double kColourShare = 0.15;  // of a frame in the running colours
constexpr float kOwnShape = 0.35f;     // how much of the donor's own shape the inner face keeps

// How much a landmark keeps of the donor's shape: nose, brows and cheeks; mouth and eyelids follow
// the target, which opens them, and the outline must fit.
std::vector<float> ShapeWeights() {
  std::vector<float> weights;
  for (const Point& p : CanonicalMesh()) {
    const double outward = std::max(std::abs(p.x) / 0.75, std::abs(p.y - 0.2) / 0.8);
    weights.push_back(kOwnShape * static_cast<float>(std::clamp(2.0 - 2 * outward, 0.0, 1.0)));
  }
  for (const int i : OuterLips()) weights[static_cast<size_t>(i)] *= 0.4f;
  for (const int i : InnerLips()) weights[static_cast<size_t>(i)] = 0;
  return weights;
}

class AutoencoderSwap : public FaceForger {
 public:
  AutoencoderSwap(const FaceClip& target, const FaceClip& source, uint64_t seed)
      : target_(target),
        source_(source),
        donors_(ChooseDonors(target.moments, source.patches, {.steadiness = kSteadiness})),
        shape_(ShapeWeights()) {
    Random random(DeriveSeed(seed, "autoencoder-swap"));
    resolution_ = Uniform(random, 72, 120);  // pixels of the face's height that pass
    feather_ = Uniform(random, 0.10, 0.16);  // of the face's size
    softness_ = Uniform(random, 0.4, 0.7);   // pixels of the small picture
  }

  void Forge(int64_t index, Image& frame) override {
    const auto t = static_cast<size_t>(index);
    if (t >= donors_.size() || donors_[t] < 0) return;
    const FaceMoment& moment = target_.moments[t];
    cv::Mat view = ViewOf(frame);
    const cv::Rect area = AreaOf(moment.mesh, 0.15, view.size());
    if (area.empty()) return;
    cv::Mat own = view(area);
    const std::vector<Point> mesh = Moved(moment.mesh, -area.x, -area.y);
    const double size = FaceSize(mesh);
    const FacePatch& donor = source_.patches[static_cast<size_t>(donors_[t])];
    cv::Mat face = DonorFace(donor, mesh, own);
    ThroughBottleneck(face, size);
    const cv::Mat inner = RegionWeights(mesh, FaceRegion::kBelowBrow, own.size(), 0, 0.04 * size);
    MatchToTarget(face, own, inner, moment.track);
    MatchLight(face, own, inner, 0.22 * size, 0.7);
    // A donor who never opens the mouth so wide has nothing to show there.
    const double lack = MouthLack(MouthOpening(donor.mesh), MouthOpening(mesh));
    if (lack > 0) {
      cv::Mat soft = own.clone();
      ThroughBottleneck(soft, size);
      KeepMouth(face, soft, mesh, lack);
    }
    BlendOnto(
        own, face,
        RegionWeights(mesh, FaceRegion::kBelowBrow, own.size(), 0.01 * size, feather_ * size));
  }

 private:
  cv::Mat DonorFace(const FacePatch& donor, const std::vector<Point>& mesh,
                    const cv::Mat& background) const {
    const Affine place = FitAffine(donor.mesh, mesh, FaceOval());
    std::vector<Point> to = mesh;
    for (size_t k = 0; k < to.size(); ++k) {
      const Point p = place(donor.mesh[k]);
      to[k].x += shape_[k] * (p.x - to[k].x);
      to[k].y += shape_[k] * (p.y - to[k].y);
    }
    return WarpByMesh(ViewOf(donor.crop), donor.mesh, to, MeshTriangles(false), background.size(),
                      background);
  }

  void ThroughBottleneck(cv::Mat& face, double size) const {
    const double factor = std::min(1.0, resolution_ / size);
    const cv::Size small(std::max(2, cvRound(face.cols * factor)),
                         std::max(2, cvRound(face.rows * factor)));
    cv::Mat code;
    cv::resize(face, code, small, 0, 0, cv::INTER_AREA);
    cv::GaussianBlur(code, code, {}, softness_);
    cv::resize(code, face, face.size(), 0, 0, cv::INTER_CUBIC);
  }

  // With the colours of both running slowly, so that they do not flicker.
  void MatchToTarget(cv::Mat& face, const cv::Mat& own, const cv::Mat& inner, int track) {
    const ColourStatistics of_face = StatisticsOf(face, inner), of_own = StatisticsOf(own, inner);
    const double share = track == track_ ? kColourShare : 1;
    track_ = track;
    face_colours_.MoveTo(of_face, share);
    own_colours_.MoveTo(of_own, share);
    MatchColours(face, face_colours_, own_colours_);
  }

  const FaceClip& target_;
  const FaceClip& source_;
  const std::vector<int> donors_;
  const std::vector<float> shape_;
  double resolution_ = 0, feather_ = 0, softness_ = 0;
  int track_ = -1;
  ColourStatistics face_colours_, own_colours_;
};

}  // namespace

std::unique_ptr<FaceForger> MakeAutoencoderSwap(const FaceClip& target, const FaceClip& source,
                                                uint64_t seed) {
  return std::make_unique<AutoencoderSwap>(target, source, seed);
}

}  // namespace unmask
