// A face swap in the manner of Face X-ray (Li et al., CVPR 2020): the face of another person, alike
// in pose and shape, is laid over this one by its landmarks, given its colours (Reinhard et al.
// 2001, in Lab) and blended in with a soft mask.
#include <algorithm>
#include <cmath>
#include <iterator>
#include <opencv2/imgproc.hpp>
#include <span>
#include <utility>
#include <vector>

#include "unmask/base/error.h"
#include "unmask/forge/appearance.h"
#include "unmask/forge/face_forgeries.h"
#include "unmask/forge/face_mask.h"
#include "unmask/forge/face_mesh.h"
#include "unmask/forge/paint.h"
#include "unmask/media/opencv_view.h"

namespace unmask {
namespace {

// The other face in this one's place.
struct Placed {
  cv::Mat picture;
  cv::Mat weights;  // 1 where it is shown, soft towards its outline
};

Placed WithWeights(cv::Mat picture, std::span<const Point> mesh, const cv::Mat& unseen = {}) {
  const cv::Size size = picture.size();
  return {std::move(picture),
          RegionWeights(mesh, FaceRegion::kWhole, size, 1, 0.06 * FaceSize(mesh), unseen)};
}

// As a whole, by what no expression moves; its shape stays its own.
Placed PlaceWhole(const FaceCrop& other, const FaceCrop& face) {
  const Affine place = FitAffine(other.mesh, face.mesh, FirmPoints());
  return WithWeights(WarpPicture(ViewOf(other.image), place), Transformed(other.mesh, place));
}

// Triangle by triangle, so that it takes this one's expression; of its own shape it keeps a share.
Placed PlaceByMesh(const FaceCrop& other, const FaceCrop& face, double own_shape) {
  const Affine place = FitAffine(other.mesh, face.mesh, FirmPoints());
  const auto share = static_cast<float>(own_shape);
  std::vector<Point> to = face.mesh;
  for (size_t i = 0; i < to.size(); ++i) {
    const Point own = place(other.mesh[i]);
    to[i].x += share * (own.x - to[i].x);
    to[i].y += share * (own.y - to[i].y);
  }
  const cv::Mat target = ViewOf(face.image);
  return WithWeights(
      WarpByMesh(ViewOf(other.image), other.mesh, to, MeshTriangles(false), target.size(), target),
      to, UnseenSkin(other.mesh, to, target.size()));
}

// All of the difference in light and colour, or a part of it, is taken away.
void Adapt(cv::Mat& picture, const cv::Mat& target, const cv::Mat& weights, double size,
           Random& random) {
  const double colours = Uniform(random, 0.8, 1), light = Uniform(random, 0.2, 0.9);
  cv::Mat matched = picture.clone();
  MatchColours(matched, StatisticsOf(picture, weights), StatisticsOf(target, weights));
  cv::addWeighted(matched, colours, picture, 1 - colours, 0, picture);
  if (Chance(random, 0.7)) MatchLight(picture, target, weights, 0.25 * size, light);
}

}  // namespace

RealAndFake CrossBlend(const ForgeryInput& input, Random& random) {
  static constexpr double kRatios[] = {0.5, 0.75, 1, 1, 1, 1};
  if (!input.other_face) {
    throw Error("the forgery cross-blend needs another person's face",
                "Give one, or choose another forgery");
  }
  const FaceCrop& face = input.face;
  const FaceCrop other = input.other_face(random);
  if (other.image.width != face.image.width || other.image.height != face.image.height) {
    throw Error("faces to be blended must be crops of one size");
  }
  const double size = FaceSize(face.mesh);
  RealAndFake pair{face.image, {}};
  // Pictures of all kinds are targets, not only those that are as they were stored.
  if (Chance(random, 0.5) && input.change_target) ChangeAppearance(pair.real, size, 1, random);

  const double own_shape = Uniform(random, 0, 0.5);
  Placed placed =
      Chance(random, 0.5) ? PlaceWhole(other, face) : PlaceByMesh(other, face, own_shape);
  const Image mask = SoftenMask(
      FaceMask(face.mesh, DrawRegion(random), face.image.width, face.image.height), random, 0.03);
  cv::Mat weights;
  ViewOf(mask).convertTo(weights, CV_32F, 1.0 / 255);
  weights = weights.mul(placed.weights);
  Image source = face.image;
  cv::Mat source_view = ViewOf(source);
  placed.picture.copyTo(source_view);
  Adapt(source_view, ViewOf(pair.real), weights, size, random);
  if (Chance(random, 0.5)) ChangeSharpness(source, size, 0.7, random);

  const double ratio = input.strength * kRatios[UniformInt(random, std::size(kRatios))];
  pair.fake = pair.real;
  BlendOnto(ViewOf(pair.fake), source_view, weights * ratio);
  return pair;
}

}  // namespace unmask
