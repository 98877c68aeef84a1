// Reconstructions: a real face goes through a small autoencoder, which keeps what it shows and
// leaves the traces of how its decoder grows small maps into a picture, as generators of faces do;
// it stands for pictures that no blending gives away. After reconstructed blended images (Sun et
// al. 2024) and aligned reconstructions (Rajan et al. 2024).
#include "unmask/forge/reconstruct.h"

#include <algorithm>
#include <cmath>
#include <opencv2/imgproc.hpp>

#include "unmask/backbones/autoencoder.h"
#include "unmask/forge/face_forgeries.h"
#include "unmask/forge/face_mask.h"
#include "unmask/forge/fine_detail.h"
#include "unmask/forge/paint.h"
#include "unmask/media/opencv_view.h"

namespace unmask {
namespace {

constexpr int kSide = static_cast<int>(kAutoencoderSize);

void Resize(const cv::Mat& from, cv::Mat& to, cv::Size size, int enlargement) {
  const bool smaller = size.width < from.cols;
  cv::resize(from, to, size, 0, 0, smaller ? cv::INTER_AREA : enlargement);
}

// Where the face lies, a square that is `scale` times as wide as its mesh is large, inside of the
// crop. The whole crop where the mesh lies outside of it.
cv::Rect SquareAround(std::span<const Point> mesh, double scale, cv::Size crop) {
  const cv::Rect whole({0, 0}, crop);
  const cv::Rect face = AreaOf(mesh, 0, crop);
  if (face.empty()) return whole;
  const int side =
      std::min({cvRound(scale * std::max(face.width, face.height)), crop.width, crop.height});
  const auto place = [side](int begin, int length, int limit) {
    return std::clamp(begin + (length - side) / 2, 0, limit - side);
  };
  return {place(face.x, face.width, crop.width), place(face.y, face.height, crop.height), side,
          side};
}

// What a network makes of this part of the crop.
cv::Mat Reconstruction(const cv::Mat& part, const Autoencoders& autoencoders, size_t which,
                       int enlargement) {
  Image input(kSide, kSide);
  cv::Mat view = ViewOf(input);
  Resize(part, view, view.size(), enlargement);
  const Image made = autoencoders.Reconstruct(which, input);
  cv::Mat result;
  Resize(ViewOf(made), result, part.size(), enlargement);
  return result;
}

// What the way to the network's size and back alone does, on the whole crop: otherwise that would
// tell a fake as well as the traces of the network do.
void ResampleLike(cv::Mat& crop, int part, int enlargement) {
  const double factor = static_cast<double>(kSide) / part;
  const auto side = [&](int pixels) { return std::max(8, cvRound(pixels * factor)); };
  cv::Mat small;
  Resize(crop, small, {side(crop.cols), side(crop.rows)}, enlargement);
  Resize(small, crop, crop.size(), enlargement);
}

}  // namespace

RealAndFake Reconstruct(const ForgeryInput& input, const Autoencoders& autoencoders,
                        Random& random) {
  static constexpr double kRatios[] = {0.5, 0.75, 1, 1};
  static constexpr int kEnlargements[] = {cv::INTER_LINEAR, cv::INTER_CUBIC, cv::INTER_LANCZOS4};
  const Image& crop = input.face.image;
  const int64_t which = UniformInt(random, static_cast<int64_t>(autoencoders.size()));
  const int enlargement = kEnlargements[UniformInt(random, std::size(kEnlargements))];
  const bool half = Chance(random, 0.5);
  const bool whole = Chance(random, 0.6) && input.change_target;
  // What an autoencoder loses of a whole picture a lens or a filter loses, too.
  const bool alike = input.change_target && (whole || half);
  const double ratio = kRatios[UniformInt(random, std::size(kRatios))] * input.strength;
  const double scale = Uniform(random, 1.4, 1.9);

  RealAndFake pair{crop, {}};
  cv::Mat real_view = ViewOf(pair.real);
  const cv::Rect part = whole ? cv::Rect({0, 0}, real_view.size())
                              : SquareAround(input.face.mesh, scale, real_view.size());
  const cv::Mat made =
      Reconstruction(ViewOf(crop)(part), autoencoders, static_cast<size_t>(which), enlargement);
  if (alike) {
    ResampleLike(real_view, part.width, enlargement);
    SoftenTo(FineDetail(made), part, real_view);
  }

  pair.fake = pair.real;
  cv::Mat weights(made.size(), CV_32F, cv::Scalar(ratio));
  if (!whole) {
    const Image mask =
        SoftenMask(FaceMask(input.face.mesh, DrawRegion(random), crop.width, crop.height), random);
    ViewOf(mask)(part).convertTo(weights, CV_32F, ratio / 255);
  }
  BlendOnto(ViewOf(pair.fake)(part), made, weights);
  return pair;
}

RealAndFake Reconstruct(const ForgeryInput& input, Random& random) {
  return Reconstruct(input, Autoencoders::Installed(), random);
}

std::string InstalledAutoencoders() { return Autoencoders::Installed().fingerprint(); }

}  // namespace unmask
