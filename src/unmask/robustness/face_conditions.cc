#include <algorithm>
#include <array>
#include <cmath>
#include <numbers>
#include <opencv2/imgproc.hpp>
#include <utility>

#include "unmask/base/random.h"
#include "unmask/face/landmarks.h"
#include "unmask/forge/paint.h"
#include "unmask/media/opencv_view.h"
#include "unmask/robustness/makers.h"

namespace unmask {
namespace {

// Calls `paint` for every face of every frame, with the part of the frame around the face and the
// mesh in its pixels.
template <typename Paint>
FrameSequence PaintFaces(const Excerpt& excerpt, double margin, const Paint& paint) {
  FrameSequence frames = excerpt.frames;
  for (const auto& [number, faces] : excerpt.faces) {
    cv::Mat frame = ViewOf(frames.images[static_cast<size_t>(number)]);
    for (const TrackedFace& face : faces) {
      const cv::Rect area = AreaOf(face.mesh, margin, frame.size());
      if (area.empty()) continue;
      cv::Mat part = frame(area);
      paint(part, Moved(face.mesh, -area.x, -area.y), face.track);
    }
  }
  return frames;
}

// --- skin ---------------------------------------------------------------------------------------

constexpr double kSmoothingReach = 0.03;  // of the face's size: radius of the bilateral filter
constexpr double kSmoothingTones = 25;    // grey levels that are taken for one skin

void SmoothFace(cv::Mat& part, const std::vector<Point>& mesh, double share) {
  const double size = FaceSize(mesh);
  const double soft = 0.02 * size;
  cv::Mat once, smooth;
  const int diameter = std::clamp(2 * cvRound(kSmoothingReach * size) + 1, 3, 31);
  cv::bilateralFilter(part, once, diameter, kSmoothingTones, diameter);
  cv::bilateralFilter(once, smooth, diameter, kSmoothingTones, diameter);
  cv::Mat weights =
      RegionWeights(mesh, FaceRegion::kWithForehead, part.size(), 0, 2 * soft) * share;
  for (const std::span<const int> kept : {RightEyeOutline(), LeftEyeOutline(), OuterLips()}) {
    const cv::Mat outside = 1 - OutlineWeights(mesh, kept, part.size(), soft, soft / 2);
    weights = weights.mul(outside);
  }
  BlendOnto(part, smooth, weights);
}

// --- glasses ------------------------------------------------------------------------------------

// Lengths in relation to the distance between the outer corners of the eyes.
struct Glasses {
  double rim;      // thickness of the rim
  double opacity;  // of the lenses, 0 … 1
};
constexpr Glasses kGlasses[] = {{0.025, 0.05}, {0.07, 0.15}, {0.06, 0.94}};
constexpr double kLensWidth = 0.9;    // half of it, in widths of the eye
constexpr double kLensHeight = 0.23;  // half of it
constexpr double kLensDrop = 0.05;    // of its middle below the eye
constexpr int kRightTemple = 127, kLeftTemple = 356;
const cv::Scalar kRimColour(28, 24, 22);
const cv::Scalar kLensColour(22, 24, 26);

cv::Point2d MeanOf(const std::vector<Point>& mesh, std::span<const int> which) {
  cv::Point2d sum(0, 0);
  for (const int i : which) {
    const Point& p = mesh[static_cast<size_t>(i)];
    sum += cv::Point2d(p.x, p.y);
  }
  return sum / static_cast<double>(which.size());
}

cv::Point2d At(const std::vector<Point>& mesh, int index) {
  const Point& p = mesh[static_cast<size_t>(index)];
  return {p.x, p.y};
}

// Coordinates for OpenCV's drawing, which then counts in sixteenths of a pixel, from pixel centres.
constexpr int kShift = 4;
cv::Point Fine(cv::Point2d p) {
  return {cvRound((p.x - 0.5) * (1 << kShift)), cvRound((p.y - 0.5) * (1 << kShift))};
}

void Lay(cv::Mat& part, const cv::Mat& mask, const cv::Scalar& colour, double opacity,
         double blur) {
  cv::Mat weights;
  mask.convertTo(weights, CV_32F, opacity / 255);
  cv::GaussianBlur(weights, weights, {}, std::max(0.4, blur));
  BlendOnto(part, cv::Mat(part.size(), CV_8UC3, colour), weights);
}

void DrawGlasses(cv::Mat& part, const std::vector<Point>& mesh, const Glasses& glasses) {
  struct Lens {
    cv::Point2d middle;
    cv::Size2d half;
  };
  const cv::Point2d right = At(mesh, 33), left = At(mesh, 263);
  const double unit = cv::norm(left - right);
  if (unit < 4) return;  // too small to draw on
  const cv::Point2d along = (left - right) / unit, down(-along.y, along.x);
  const double angle = std::atan2(along.y, along.x) * 180 / std::numbers::pi;
  const auto lens_at = [&](std::span<const int> outline, int outer, int inner) {
    // The eye's own width follows the turn of the head.
    const double width = std::max(0.12 * unit, cv::norm(At(mesh, outer) - At(mesh, inner)));
    return Lens{MeanOf(mesh, outline) + down * (kLensDrop * unit),
                {kLensWidth * width, kLensHeight * unit}};
  };
  const std::array lenses = {lens_at(RightEyeOutline(), 33, 133),
                             lens_at(LeftEyeOutline(), 263, 362)};
  const int thickness = std::max(1, cvRound(glasses.rim * unit));
  cv::Mat rims(part.size(), CV_8U, cv::Scalar(0)), filled = rims.clone();
  for (const Lens& lens : lenses) {
    const cv::Size axes(cvRound(lens.half.width * (1 << kShift)),
                        cvRound(lens.half.height * (1 << kShift)));
    cv::ellipse(filled, Fine(lens.middle), axes, angle, 0, 360, 255, cv::FILLED, cv::LINE_AA,
                kShift);
    cv::ellipse(rims, Fine(lens.middle), axes, angle, 0, 360, 255, thickness, cv::LINE_AA, kShift);
  }
  const auto join = [&](cv::Point2d from, cv::Point2d to) {
    cv::line(rims, Fine(from), Fine(to), 255, thickness, cv::LINE_AA, kShift);
  };
  join(lenses[0].middle + along * lenses[0].half.width,
       lenses[1].middle - along * lenses[1].half.width);
  join(lenses[0].middle - along * lenses[0].half.width, At(mesh, kRightTemple));
  join(lenses[1].middle + along * lenses[1].half.width, At(mesh, kLeftTemple));
  Lay(part, filled, kLensColour, glasses.opacity, 0.004 * unit);
  Lay(part, rims, kRimColour, 1, 0.004 * unit);
}

// --- cover --------------------------------------------------------------------------------------

const cv::Scalar kCoverColour(62, 66, 74);

// An oval, taller than wide, of `share` of the area of the face's hull; its middle lies between the
// tip of the nose and the chin, to the left or right of the middle as `sideways` (−1 … 1) says.
void DrawCover(cv::Mat& part, const std::vector<Point>& mesh, double share, double sideways) {
  std::vector<cv::Point2f> oval;
  for (const int i : FaceOval()) {
    const Point& p = mesh[static_cast<size_t>(i)];
    oval.emplace_back(p.x, p.y);
  }
  constexpr double kTall = 1.3;  // height ÷ width
  const double area = share * cv::contourArea(oval);
  const double half_width = std::sqrt(area / (std::numbers::pi * kTall));
  const cv::Point2d nose = At(mesh, 4), chin = At(mesh, 152);
  const cv::Point2d down = chin - nose;
  const cv::Point2d middle = nose + down * 0.5 + cv::Point2d(-down.y, down.x) * (0.4 * sideways);
  const double angle = std::atan2(down.y, down.x) * 180 / std::numbers::pi - 90;
  cv::Mat mask(part.size(), CV_8U, cv::Scalar(0));
  cv::ellipse(
      mask, Fine(middle),
      cv::Size(cvRound(half_width * (1 << kShift)), cvRound(kTall * half_width * (1 << kShift))),
      angle, 0, 360, 255, cv::FILLED, cv::LINE_AA, kShift);
  Lay(part, mask, kCoverColour, 1, 0.01 * half_width);
}

}  // namespace

FrameSequence SmoothSkin(const Excerpt& excerpt, double percent, uint64_t /*seed*/) {
  return PaintFaces(excerpt, 0.25, [&](cv::Mat& part, const std::vector<Point>& mesh, int) {
    SmoothFace(part, mesh, percent / 100);
  });
}

FrameSequence PutOnGlasses(const Excerpt& excerpt, double kind, uint64_t /*seed*/) {
  const Glasses& glasses = kGlasses[static_cast<size_t>(kind) - 1];
  return PaintFaces(excerpt, 0.25, [&](cv::Mat& part, const std::vector<Point>& mesh, int) {
    DrawGlasses(part, mesh, glasses);
  });
}

FrameSequence CoverFace(const Excerpt& excerpt, double percent_of_face, uint64_t seed) {
  return PaintFaces(excerpt, 0.5, [&](cv::Mat& part, const std::vector<Point>& mesh, int track) {
    Random random(DeriveSeed(seed, "cover", static_cast<uint64_t>(track)));
    DrawCover(part, mesh, percent_of_face / 100, Uniform(random, -1, 1));
  });
}

}  // namespace unmask
