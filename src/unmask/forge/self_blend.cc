// Self-blended images (Shiohara and Yamasaki, CVPR 2022): a face is blended with a slightly changed
// copy of itself, which leaves the traces of blending and nothing else. The change, of colours or
// of sharpness, falls on the copy or on the face that it is blended into; the copy and its mask are
// shifted and scaled a little; the mask is deformed, softened and weakened.
#include <cmath>
#include <iterator>
#include <opencv2/imgproc.hpp>
#include <vector>

#include "unmask/forge/appearance.h"
#include "unmask/forge/face_forgeries.h"
#include "unmask/forge/face_mask.h"
#include "unmask/forge/face_mesh.h"
#include "unmask/forge/paint.h"
#include "unmask/media/opencv_view.h"

namespace unmask {
namespace {

// Of the face's size, to either side: 3 % and 1.5 % of a picture twice as wide as the landmarks.
constexpr double kMaxShiftX = 0.05;
constexpr double kMaxShiftY = 0.027;
constexpr double kMinScale = 0.95;  // to 1 / kMinScale

// A small shift and scaling about the middle of the face.
Affine Misplacement(std::span<const Point> mesh, double strength, Random& random) {
  double x = 0, y = 0;
  for (const Point& p : mesh) {
    x += p.x / static_cast<double>(mesh.size());
    y += p.y / static_cast<double>(mesh.size());
  }
  const double reach = strength * FaceSize(mesh);
  const double scale = std::exp(strength * std::log(kMinScale) * Uniform(random, -1, 1));
  const double dx = Uniform(random, -kMaxShiftX, kMaxShiftX) * reach;
  const double dy = Uniform(random, -kMaxShiftY, kMaxShiftY) * reach;
  return {.xx = scale, .x0 = x * (1 - scale) + dx, .yy = scale, .y0 = y * (1 - scale) + dy};
}

}  // namespace

RealAndFake SelfBlend(const ForgeryInput& input, Random& random) {
  static constexpr double kRatios[] = {0.25, 0.5, 0.75, 1, 1, 1};
  const FaceCrop& face = input.face;
  const double size = FaceSize(face.mesh);
  RealAndFake pair{face.image, {}};
  Image source = face.image;
  const bool on_target = Chance(random, 0.5) && input.change_target;
  ChangeAppearance(on_target ? pair.real : source, size, input.strength, random);

  const Affine misplacement = Misplacement(face.mesh, input.strength, random);
  const Image outline = FaceMask(Transformed(face.mesh, misplacement), DrawRegion(random),
                                 source.width, source.height);
  const Image mask = SoftenMask(outline, random);
  const double ratio = kRatios[UniformInt(random, std::size(kRatios))];
  cv::Mat weights;
  ViewOf(mask).convertTo(weights, CV_32F, ratio / 255);
  pair.fake = pair.real;
  BlendOnto(ViewOf(pair.fake), WarpPicture(ViewOf(source), misplacement), weights);
  return pair;
}

}  // namespace unmask
