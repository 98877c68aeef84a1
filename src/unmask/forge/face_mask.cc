#include "unmask/forge/face_mask.h"

#include <algorithm>
#include <cmath>
#include <iterator>
#include <opencv2/imgproc.hpp>
#include <vector>

#include "unmask/base/error.h"
#include "unmask/media/opencv_view.h"

namespace unmask {
namespace {

// Landmarks of the face mesh.
constexpr int kForeheadTop = 10, kBetweenBrows = 9, kNoseBridge = 5, kBelowNose = 2, kChin = 152;
constexpr int kRightCheek = 234, kLeftCheek = 454;

// The mesh ends below the hair. What lies above `kForeheadEnds` along the face is raised by up to
// `kForehead` of its length.
constexpr double kForeheadEnds = 0.2, kForehead = 0.12;

cv::Point2f ToCv(const Point& p) { return {p.x, p.y}; }

// The position along the face's own vertical, 0 at the top of the forehead, 1 at the chin, and
// across it, −1 … 1 from cheek to cheek.
class FaceAxes {
 public:
  explicit FaceAxes(std::span<const Point> mesh)
      : top_(ToCv(mesh[kForeheadTop])),
        down_(ToCv(mesh[kChin]) - top_),
        middle_((ToCv(mesh[kRightCheek]) + ToCv(mesh[kLeftCheek])) * 0.5f),
        half_width_(std::max(1e-3, cv::norm(ToCv(mesh[kLeftCheek]) - middle_))) {
    length_ = std::max(1e-3, cv::norm(down_));
    down_ *= 1 / length_;
  }
  double Along(const Point& p) const { return (ToCv(p) - top_).dot(down_) / length_; }
  // Away from the chin by a share of the face's length.
  cv::Point2f Raised(const Point& p, double share) const {
    return ToCv(p) - down_ * static_cast<float>(share * length_);
  }
  double Across(const Point& p) const {
    return (ToCv(p) - middle_).dot(cv::Point2f(-down_.y, down_.x)) / half_width_;
  }

 private:
  cv::Point2f top_, down_, middle_;
  double half_width_, length_;
};

bool InRegion(const FaceAxes& axes, std::span<const Point> mesh, const Point& p,
              FaceRegion region) {
  switch (region) {
    case FaceRegion::kWhole:
    case FaceRegion::kWithForehead:
      return true;
    case FaceRegion::kBelowBrow:
      return axes.Along(p) >= axes.Along(mesh[kBetweenBrows]) - 0.03;
    case FaceRegion::kLowerHalf:
      return axes.Along(p) >= axes.Along(mesh[kNoseBridge]) - 0.02;
    case FaceRegion::kCentre:
      return axes.Along(p) >= axes.Along(mesh[kBetweenBrows]) - 0.05 && axes.Along(p) < 0.88 &&
             std::fabs(axes.Across(p)) < 0.7;
    case FaceRegion::kEyesAndNose:
      return axes.Along(p) >= axes.Along(mesh[kBetweenBrows]) - 0.05 &&
             axes.Along(p) <= axes.Along(mesh[kBelowNose]) && std::fabs(axes.Across(p)) < 0.75;
    case FaceRegion::kMouth:
      return axes.Along(p) > axes.Along(mesh[kBelowNose]) && axes.Along(p) < 0.93 &&
             std::fabs(axes.Across(p)) < 0.5;
  }
  return true;
}

// A smooth field of displacements of about `amplitude` pixels.
cv::Mat SmoothField(cv::Size size, double amplitude, Random& random) {
  constexpr int kGrid = 7;
  cv::Mat coarse(kGrid, kGrid, CV_32F);
  for (int i = 0; i < kGrid * kGrid; ++i) {
    coarse.at<float>(i / kGrid, i % kGrid) = static_cast<float>(Normal(random, 0, amplitude));
  }
  cv::Mat field;
  cv::resize(coarse, field, size, 0, 0, cv::INTER_CUBIC);
  return field;
}

}  // namespace

Image FaceMask(std::span<const Point> mesh, FaceRegion region, int width, int height) {
  if (mesh.size() != kMeshSize) throw Error("a face mask needs all landmarks of the mesh");
  const FaceAxes axes(mesh);
  std::vector<cv::Point2f> points;
  for (const Point& p : mesh) {
    if (InRegion(axes, mesh, p, region)) points.push_back(ToCv(p));
    if (region == FaceRegion::kWithForehead && axes.Along(p) < kForeheadEnds) {
      points.push_back(axes.Raised(p, kForehead * (1 - axes.Along(p) / kForeheadEnds)));
    }
  }
  Image mask(width, height, 1);
  if (points.size() < 3) return mask;
  std::vector<cv::Point2f> hull;
  cv::convexHull(points, hull);
  std::vector<cv::Point> corners;
  constexpr float kFar = 1e5f;  // of the fixed-point range of the drawing function
  for (const cv::Point2f& p : hull) {
    corners.emplace_back(cvRound(std::clamp(p.x, -kFar, kFar)),
                         cvRound(std::clamp(p.y, -kFar, kFar)));
  }
  cv::Mat view = ViewOf(mask);
  cv::fillConvexPoly(view, corners, cv::Scalar(255), cv::LINE_AA);
  return mask;
}

FaceRegion DrawRegion(Random& random) {
  using enum FaceRegion;
  static constexpr FaceRegion kDraws[] = {kWhole,  kWhole,       kWithForehead, kWithForehead,
                                          kCentre, kCentre,      kBelowBrow,    kBelowBrow,
                                          kMouth,  kEyesAndNose, kLowerHalf};
  return kDraws[UniformInt(random, std::size(kDraws))];
}

Image SoftenMask(const Image& mask, Random& random, double sharpest) {
  cv::Mat view = ViewOf(mask).clone();
  const double face = std::max(4.0, std::sqrt(cv::countNonZero(view)));  // pixels across
  const double wobble = Uniform(random, 0.0, 0.05) * face;
  const cv::Mat dx = SmoothField(view.size(), wobble, random);
  const cv::Mat dy = SmoothField(view.size(), wobble, random);
  cv::Mat map_x(view.size(), CV_32F), map_y(view.size(), CV_32F);
  for (int y = 0; y < view.rows; ++y) {
    for (int x = 0; x < view.cols; ++x) {
      map_x.at<float>(y, x) = x + dx.at<float>(y, x);
      map_y.at<float>(y, x) = y + dy.at<float>(y, x);
    }
  }
  cv::remap(view, view, map_x, map_y, cv::INTER_LINEAR);
  const auto blur = [&](double low, double high) {
    cv::GaussianBlur(view, view, {}, std::max(0.5, Uniform(random, low, high) * face));
  };
  blur(0.01, 0.06);
  double highest = 0;
  cv::minMaxLoc(view, nullptr, &highest);
  cv::threshold(view, view, Uniform(random, 0.35, 0.95) * highest, 255, cv::THRESH_BINARY);
  blur(sharpest, std::max(0.06, 2 * sharpest));
  Image soft(mask.width, mask.height, 1);
  cv::Mat out = ViewOf(soft);
  view.copyTo(out);
  return soft;
}

}  // namespace unmask
