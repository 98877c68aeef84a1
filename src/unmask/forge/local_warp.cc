// Reenactment without another face: mouth, brows, lids or nose are moved a little, and the skin
// around them follows smoothly. No edge, no foreign colours: only the shape and the traces of
// interpolation.
//
// Each move is a field of displacements that fades like a Gaussian around a landmark, in the axes
// of the face, and all fade to nothing towards the outline of the face.
#include <algorithm>
#include <cmath>
#include <initializer_list>
#include <iterator>
#include <numbers>
#include <opencv2/imgproc.hpp>
#include <vector>

#include "unmask/forge/face_forgeries.h"
#include "unmask/forge/face_mesh.h"
#include "unmask/forge/paint.h"
#include "unmask/media/opencv_view.h"

namespace unmask {
namespace {

// Lengths are in units of the distance between the outer corners of the eyes.
struct Move {
  Point centre;             // pixels
  double reach_x, reach_y;  // standard deviations of the Gaussian
  double dx = 0, dy = 0;    // of the skin at the centre, across and down the face
  double opening = 0;       // of a slit along the face's horizontal: each side by so much
};

// Landmarks of the face mesh; "right" is the person's.
constexpr int kUpperLip = 13, kLowerLip = 14, kLipRight = 61, kLipLeft = 291;
constexpr int kNoseTip = 1, kNostrilRight = 98, kNostrilLeft = 327;
constexpr int kBrowRight = 105, kBrowLeft = 334;
constexpr int kLidRight[] = {159, 145}, kLidLeft[] = {386, 374};  // upper, lower

Point Middle(std::span<const Point> mesh, std::initializer_list<int> which) {
  Point sum{};
  for (const int i : which) {
    sum.x += mesh[static_cast<size_t>(i)].x / static_cast<float>(which.size());
    sum.y += mesh[static_cast<size_t>(i)].y / static_cast<float>(which.size());
  }
  return sum;
}

// The face's axes: pixels of the unit across and down the face.
class Axes {
 public:
  explicit Axes(std::span<const Point> mesh)
      : pixels_(FitAffine(CanonicalMesh(), mesh, FirmPoints())) {
    const double determinant = pixels_.xx * pixels_.yy - pixels_.xy * pixels_.yx;
    if (!(std::fabs(determinant) > 1e-6)) pixels_ = {};  // landmarks on a line
    const double d = pixels_.xx * pixels_.yy - pixels_.xy * pixels_.yx;
    inverse_ = {pixels_.yy / d, -pixels_.xy / d, -pixels_.yx / d, pixels_.xx / d};
  }

  // Of a difference between two places: into units, and back into pixels.
  cv::Vec2d ToUnits(double x, double y) const {
    return {inverse_[0] * x + inverse_[1] * y, inverse_[2] * x + inverse_[3] * y};
  }
  cv::Vec2d ToPixels(double u, double v) const {
    return {pixels_.xx * u + pixels_.xy * v, pixels_.yx * u + pixels_.yy * v};
  }
  double Distance(const Point& a, const Point& b) const {
    return cv::norm(ToUnits(b.x - a.x, b.y - a.y));
  }

 private:
  Affine pixels_;
  std::array<double, 4> inverse_{};
};

// From `low` to `high`, to either side.
double Signed(Random& random, double low, double high) {
  const double size = Uniform(random, low, high);
  return Chance(random, 0.5) ? size : -size;
}

// Opens, or closes what stands open by at most two thirds. The slit is as soft as the move is
// large, so that nothing is folded over.
double Opening(Random& random, double gap, double largest) {
  const double opened = Uniform(random, 0.3, 1) * largest;
  const double closed = -std::min(opened, gap / 3);
  return Chance(random, 0.5) ? opened : closed;
}

void MoveMouth(std::span<const Point> mesh, const Axes& axes, Random& random,
               std::vector<Move>& moves) {
  const Point middle = Middle(mesh, {kUpperLip, kLowerLip});
  const double gap = axes.Distance(mesh[kUpperLip], mesh[kLowerLip]);
  const double opening = Opening(random, gap, 0.08);
  const double smile = Signed(random, 0.03, 0.08), width = Signed(random, 0.01, 0.06);
  const double aside = Signed(random, 0.03, 0.08);
  const int64_t kind = UniformInt(random, 4);
  if (kind == 0 || kind == 3) moves.push_back({middle, 0.3, 0.22, 0, 0, opening});
  if (kind == 1 || kind == 3) {
    moves.push_back({mesh[kLipRight], 0.16, 0.16, -width, -smile});
    moves.push_back({mesh[kLipLeft], 0.16, 0.16, width, -smile});
  }
  if (kind == 2) moves.push_back({middle, 0.32, 0.25, aside, 0.5 * smile});
}

void MoveEyes(std::span<const Point> mesh, const Axes& axes, Random& random,
              std::vector<Move>& moves) {
  const bool both = Chance(random, 0.7), right = Chance(random, 0.5);
  const double share = Uniform(random, 0.3, 1);
  const double widening = Signed(random, 0.015, 0.035);
  const auto move = [&](const int(&lids)[2]) {
    const Point& upper = mesh[static_cast<size_t>(lids[0])];
    const Point& lower = mesh[static_cast<size_t>(lids[1])];
    const Point middle = Middle(mesh, {lids[0], lids[1]});
    const double gap = axes.Distance(upper, lower);
    const double opening = widening > 0 ? share * widening : -share * gap / 3;
    moves.push_back({middle, 0.2, 0.1, 0, 0, opening});
  };
  if (both || right) move(kLidRight);
  if (both || !right) move(kLidLeft);
}

void MoveBrows(std::span<const Point> mesh, const Axes&, Random& random, std::vector<Move>& moves) {
  const bool both = Chance(random, 0.7), right = Chance(random, 0.5);
  const double up = Signed(random, 0.03, 0.08), together = Signed(random, 0, 0.05);
  if (both || right) moves.push_back({mesh[kBrowRight], 0.25, 0.12, together, -up});
  if (both || !right) moves.push_back({mesh[kBrowLeft], 0.25, 0.12, -together, -up});
}

void MoveNose(std::span<const Point> mesh, const Axes&, Random& random, std::vector<Move>& moves) {
  const double aside = Signed(random, 0.015, 0.05), up = Signed(random, 0.015, 0.05);
  const double width = Signed(random, 0.015, 0.04);
  if (Chance(random, 0.5)) {
    moves.push_back({mesh[kNoseTip], 0.17, 0.17, aside, up});
  } else {
    moves.push_back({mesh[kNostrilRight], 0.09, 0.09, -width, 0});
    moves.push_back({mesh[kNostrilLeft], 0.09, 0.09, width, 0});
  }
}

// One region or two.
std::vector<Move> DrawMoves(std::span<const Point> mesh, const Axes& axes, Random& random) {
  static constexpr void (*kRegions[])(std::span<const Point>, const Axes&, Random&,
                                      std::vector<Move>&) = {MoveMouth, MoveMouth, MoveEyes,
                                                             MoveBrows, MoveNose};
  const auto count = static_cast<int64_t>(std::size(kRegions));
  const int64_t first = UniformInt(random, count), second = UniformInt(random, count);
  std::vector<Move> moves;
  kRegions[first](mesh, axes, random, moves);
  if (second != first && kRegions[second] != kRegions[first]) {
    kRegions[second](mesh, axes, random, moves);
  }
  return moves;
}

// Adds what the pixels of the result lie off from where they are taken, in pixels (CV_32FC2), in
// the share that `within` gives (CV_32F).
void AddMove(const Move& move, const Axes& axes, double strength, const cv::Mat& within,
             cv::Mat& field) {
  constexpr double kFar = 3;  // standard deviations
  const cv::Vec2d across = axes.ToPixels(kFar * move.reach_x, 0);
  const cv::Vec2d down = axes.ToPixels(0, kFar * move.reach_y);
  const double half_width = std::fabs(across[0]) + std::fabs(down[0]);
  const double half_height = std::fabs(across[1]) + std::fabs(down[1]);
  const auto bound = [](double value, int end) {
    return cvRound(std::clamp<double>(value, 0, end));
  };
  const int x0 = bound(move.centre.x - half_width, field.cols);
  const int x1 = bound(move.centre.x + half_width, field.cols);
  const int y0 = bound(move.centre.y - half_height, field.rows);
  const int y1 = bound(move.centre.y + half_height, field.rows);
  const cv::Vec2d shift = axes.ToPixels(move.dx, move.dy) * strength;
  const cv::Vec2d opening = axes.ToPixels(0, move.opening) * strength;
  // A slope of the displacement below 1: the skin is stretched and pressed, never folded.
  const double slit = std::max(0.01, 1.6 * std::fabs(move.opening));
  for (int y = y0; y < y1; ++y) {
    const auto* share = within.ptr<float>(y);
    auto* row = field.ptr<cv::Vec2f>(y);
    for (int x = x0; x < x1; ++x) {
      const cv::Vec2d at = axes.ToUnits(x + 0.5 - move.centre.x, y + 0.5 - move.centre.y);
      const double u = at[0] / move.reach_x, v = at[1] / move.reach_y;
      const double weight = share[x] * std::exp(-0.5 * (u * u + v * v));
      const double side = move.opening == 0 ? 0 : std::tanh(at[1] / slit);
      row[x] += cv::Vec2f(weight * (shift + side * opening));
    }
  }
}

// Where each pixel is taken from, in OpenCV's coordinates: displaced by `field` and then by
// `source_from_picture`, which concerns the real half too.
cv::Mat TakenFrom(const cv::Mat& field, const Similarity& source_from_picture) {
  cv::Mat map(field.size(), CV_32FC2);
  const Similarity& t = source_from_picture;
  for (int y = 0; y < map.rows; ++y) {
    const auto* off = field.ptr<cv::Vec2f>(y);
    auto* row = map.ptr<cv::Vec2f>(y);
    for (int x = 0; x < map.cols; ++x) {
      const double px = x + 0.5 - off[x][0], py = y + 0.5 - off[x][1];
      row[x] = cv::Vec2f(static_cast<float>(t.a * px - t.b * py + t.tx - 0.5),
                         static_cast<float>(t.b * px + t.a * py + t.ty - 0.5));
    }
  }
  return map;
}

// Half a pixel to any side, half a degree, half a percent of the size: what one more resampling is.
Similarity Jitter(const Image& image, Random& random) {
  const double angle = Uniform(random, -0.5, 0.5) * std::numbers::pi / 180;
  const double scale = Uniform(random, 0.995, 1.005);
  const double a = scale * std::cos(angle), b = scale * std::sin(angle);
  const double x = image.width / 2.0, y = image.height / 2.0;
  const double dx = Uniform(random, -0.5, 0.5), dy = Uniform(random, -0.5, 0.5);
  return {a, b, x - (a * x - b * y) + dx, y - (b * x + a * y) + dy};
}

Image Taken(const Image& from, const cv::Mat& map, int interpolation) {
  Image taken(from.width, from.height, from.channels);
  cv::Mat view = ViewOf(taken);
  cv::remap(ViewOf(from), view, map, cv::noArray(), interpolation, cv::BORDER_REFLECT_101);
  return taken;
}

}  // namespace

RealAndFake LocalWarp(const ForgeryInput& input, Random& random) {
  static constexpr int kInterpolations[] = {cv::INTER_LINEAR, cv::INTER_CUBIC, cv::INTER_LANCZOS4};
  const FaceCrop& face = input.face;
  const Image& crop = face.image;
  const Axes axes(face.mesh);
  // In half of the pairs both halves were resampled once, and only the shape tells them apart.
  const Similarity jitter = Jitter(crop, random);
  const bool resample = Chance(random, 0.5) && input.change_target;
  const Similarity source_from_picture = resample ? jitter : Similarity{};
  const int interpolation = kInterpolations[UniformInt(random, std::size(kInterpolations))];

  std::vector<Point> mesh;
  const Similarity picture_from_source = source_from_picture.Inverse();
  for (const Point& p : face.mesh) mesh.push_back(picture_from_source(p));
  const cv::Mat unmoved(crop.height, crop.width, CV_32FC2, cv::Scalar::all(0));
  const cv::Mat within =
      RegionWeights(mesh, FaceRegion::kWhole, unmoved.size(), 1, 0.12 * FaceSize(mesh));
  cv::Mat field = unmoved.clone();
  for (const Move& move : DrawMoves(mesh, axes, random)) {
    AddMove(move, axes, input.strength, within, field);
  }

  RealAndFake pair;
  pair.real = resample ? Taken(crop, TakenFrom(unmoved, source_from_picture), interpolation) : crop;
  pair.fake = Taken(crop, TakenFrom(field, source_from_picture), interpolation);
  return pair;
}

}  // namespace unmask
