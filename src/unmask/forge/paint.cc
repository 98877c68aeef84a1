#include "unmask/forge/paint.h"

#include <algorithm>
#include <cmath>
#include <opencv2/imgproc.hpp>

#include "unmask/media/opencv_view.h"

namespace unmask {
namespace {

double Turn(const Point& a, const Point& b, const Point& c) {
  return (static_cast<double>(b.x) - a.x) * (c.y - a.y) -
         (static_cast<double>(b.y) - a.y) * (c.x - a.x);
}

// Where each pixel of a triangle is found in the source, for cv::remap.
void MapTriangle(const std::array<Point, 3>& to, const std::array<Point, 3>& from, cv::Mat& map_x,
                 cv::Mat& map_y) {
  const double area = Turn(to[0], to[1], to[2]);
  if (!(area > 1e-6)) return;
  const auto [left, right] = std::minmax({to[0].x, to[1].x, to[2].x});
  const auto [top, bottom] = std::minmax({to[0].y, to[1].y, to[2].y});
  const int x0 = cvFloor(std::clamp<double>(left - 0.5, 0, map_x.cols));
  const int x1 = cvCeil(std::clamp<double>(right + 0.5, 0, map_x.cols));
  const int y0 = cvFloor(std::clamp<double>(top - 0.5, 0, map_x.rows));
  const int y1 = cvCeil(std::clamp<double>(bottom + 0.5, 0, map_x.rows));
  constexpr double kEdge = -1e-4;  // pixels on an edge belong to both sides
  for (int y = y0; y < y1; ++y) {
    for (int x = x0; x < x1; ++x) {
      const Point p{static_cast<float>(x) + 0.5f, static_cast<float>(y) + 0.5f};
      const double u = Turn(p, to[1], to[2]) / area;
      const double v = Turn(p, to[2], to[0]) / area;
      const double w = 1 - u - v;
      if (u < kEdge || v < kEdge || w < kEdge) continue;
      map_x.at<float>(y, x) =
          static_cast<float>(u * from[0].x + v * from[1].x + w * from[2].x - 0.5);
      map_y.at<float>(y, x) =
          static_cast<float>(u * from[0].y + v * from[1].y + w * from[2].y - 0.5);
    }
  }
}

cv::Mat ToLab(const cv::Mat& picture) {
  cv::Mat lab;
  picture.convertTo(lab, CV_32F, 1.0 / 255);
  cv::cvtColor(lab, lab, cv::COLOR_RGB2Lab);
  return lab;
}

// Means over the neighbourhood that count only what has weight.
cv::Mat BlurredWithin(const cv::Mat& picture, const cv::Mat& weights, double sigma) {
  cv::Mat weights3, sum, total;
  cv::merge(std::vector<cv::Mat>(3, weights), weights3);
  cv::multiply(picture, weights3, sum);
  cv::GaussianBlur(sum, sum, {}, sigma);
  cv::GaussianBlur(weights3, total, {}, sigma);
  return sum / (total + cv::Scalar::all(1e-4));
}

}  // namespace

cv::Rect AreaOf(std::span<const Point> mesh, double margin, cv::Size frame) {
  Box box{1e9f, 1e9f, -1e9f, -1e9f};
  for (const Point& p : mesh) {
    box = {std::min(box.x0, p.x), std::min(box.y0, p.y), std::max(box.x1, p.x),
           std::max(box.y1, p.y)};
  }
  const double wider = margin * std::max(box.width(), box.height());
  const auto column = [&](double x) { return cvRound(std::clamp<double>(x, 0, frame.width)); };
  const auto row = [&](double y) { return cvRound(std::clamp<double>(y, 0, frame.height)); };
  return cv::Rect(cv::Point(column(box.x0 - wider), row(box.y0 - wider)),
                  cv::Point(column(box.x1 + wider), row(box.y1 + wider)));
}

std::vector<Point> Moved(std::span<const Point> points, double dx, double dy) {
  return Transformed(points, Similarity{.tx = dx, .ty = dy});
}

cv::Mat WarpPicture(const cv::Mat& source, const Affine& transform) {
  // OpenCV counts from pixel centres, our transforms from corners.
  const Affine& t = transform;
  const cv::Matx23d matrix(t.xx, t.xy, t.x0 + 0.5 * (t.xx + t.xy) - 0.5,  //
                           t.yx, t.yy, t.y0 + 0.5 * (t.yx + t.yy) - 0.5);
  cv::Mat moved;
  cv::warpAffine(source, moved, matrix, source.size(), cv::INTER_LINEAR, cv::BORDER_REFLECT_101);
  return moved;
}

cv::Mat WarpByMesh(const cv::Mat& source, std::span<const Point> from, std::span<const Point> to,
                   std::span<const Triangle> triangles, cv::Size size, const cv::Mat& background) {
  cv::Mat readable = source;
  double factor = 1;
  if (const double ratio = FaceSize(from.first(kMeshSize)) / FaceSize(to.first(kMeshSize));
      ratio > 1.25) {
    const cv::Size smaller(std::max(1, cvRound(source.cols / ratio)),
                           std::max(1, cvRound(source.rows / ratio)));
    factor = static_cast<double>(smaller.width) / source.cols;
    cv::resize(source, readable, smaller, 0, 0, cv::INTER_AREA);
  }
  cv::Mat map_x(size, CV_32F, cv::Scalar(-1e4)), map_y(size, CV_32F, cv::Scalar(-1e4));
  const auto scale = static_cast<float>(factor);
  for (const Triangle& t : triangles) {
    std::array<Point, 3> a, b;
    for (size_t k = 0; k < 3; ++k) {
      a[k] = to[static_cast<size_t>(t[k])];
      const Point& p = from[static_cast<size_t>(t[k])];
      b[k] = {p.x * scale, p.y * scale};
    }
    MapTriangle(a, b, map_x, map_y);
  }
  cv::Mat warped;
  if (background.empty()) {
    cv::remap(readable, warped, map_x, map_y, cv::INTER_LINEAR, cv::BORDER_REPLICATE);
  } else {
    warped = background.clone();
    cv::remap(readable, warped, map_x, map_y, cv::INTER_LINEAR, cv::BORDER_TRANSPARENT);
  }
  return warped;
}

WarpPlace PlaceToWarp(std::span<const Point> own, std::span<const Point> wanted, cv::Size frame) {
  const std::vector<Point> ringed = WithRing(own);
  WarpPlace place{.area = AreaOf(ringed, 0.02, frame), .from = {}, .to = {}};
  if (place.area.empty()) return place;
  place.from = Moved(ringed, -place.area.x, -place.area.y);
  place.to = Moved(wanted, -place.area.x, -place.area.y);
  place.to.insert(place.to.end(), place.from.begin() + kMeshSize, place.from.end());
  return place;
}

cv::Mat UnseenSkin(std::span<const Point> from, std::span<const Point> to, cv::Size size) {
  constexpr float kCheek = 0.4f;  // of the canonical mesh, from the middle outwards
  constexpr double kForeshortened = 0.35;
  cv::Mat seen(size, CV_8U, cv::Scalar(0));
  const double scale = FaceSize(to) / FaceSize(from);
  const std::span<const Point> canonical = CanonicalMesh();
  for (const Triangle& t : MeshTriangles(false)) {
    std::vector<cv::Point> corners;
    float outwards = 0;
    for (const int corner : t) {
      const auto i = static_cast<size_t>(corner);
      outwards = std::max(outwards, std::fabs(canonical[i].x));
      corners.emplace_back(cvRound(std::clamp(to[i].x, -1e5f, 1e5f)),
                           cvRound(std::clamp(to[i].y, -1e5f, 1e5f)));
    }
    const auto a = static_cast<size_t>(t[0]), b = static_cast<size_t>(t[1]),
               c = static_cast<size_t>(t[2]);
    const double shown = Turn(to[a], to[b], to[c]);
    const double taken = Turn(from[a], from[b], from[c]) * scale * scale;
    if (shown <= 0 || (outwards > kCheek && taken < kForeshortened * shown)) continue;
    cv::fillConvexPoly(seen, corners, cv::Scalar(255));
  }
  // Closed lids and lips leave slits, which are none; the edge of what is seen is jagged.
  const double face = FaceSize(to);
  const auto disc = [&](double share) {
    const int radius = std::clamp(cvRound(share * face), 1, 100);
    return cv::getStructuringElement(cv::MORPH_ELLIPSE, {2 * radius + 1, 2 * radius + 1});
  };
  cv::morphologyEx(seen, seen, cv::MORPH_CLOSE, disc(0.015));
  cv::morphologyEx(seen, seen, cv::MORPH_OPEN, disc(0.06));
  cv::bitwise_not(seen, seen);
  return seen;
}

cv::Mat RegionWeights(std::span<const Point> mesh, FaceRegion region, cv::Size size, double inset,
                      double feather, const cv::Mat& without) {
  const Image mask = FaceMask(mesh, region, size.width, size.height);
  cv::Mat inner, weights;
  // Distances to the outside, so that the weights never reach over the outline.
  cv::threshold(ViewOf(mask), inner, 127, 255, cv::THRESH_BINARY);
  if (!without.empty()) inner.setTo(0, without);
  cv::copyMakeBorder(inner, inner, 1, 1, 1, 1, cv::BORDER_REPLICATE);
  cv::distanceTransform(inner, weights, cv::DIST_L2, cv::DIST_MASK_5);
  weights = weights(cv::Rect(1, 1, size.width, size.height)).clone();
  const auto soft = static_cast<float>(std::max(1.0, feather));
  for (int y = 0; y < weights.rows; ++y) {
    auto* row = weights.ptr<float>(y);
    for (int x = 0; x < weights.cols; ++x) {
      const float t = std::clamp((row[x] - static_cast<float>(inset)) / soft, 0.f, 1.f);
      row[x] = t * t * (3 - 2 * t);
    }
  }
  return weights;
}

cv::Mat OutlineWeights(std::span<const Point> mesh, std::span<const int> outline, cv::Size size,
                       double grow, double feather) {
  std::vector<cv::Point> corners;
  for (const int i : outline) {
    const Point& p = mesh[static_cast<size_t>(i)];
    corners.emplace_back(cvRound(std::clamp(p.x, -1e5f, 1e5f)),
                         cvRound(std::clamp(p.y, -1e5f, 1e5f)));
  }
  cv::Mat mask(size, CV_8U, cv::Scalar(0)), weights;
  cv::fillPoly(mask, std::vector<std::vector<cv::Point>>{corners}, cv::Scalar(255), cv::LINE_AA);
  if (const int radius = cvRound(grow); radius > 0) {
    cv::dilate(mask, mask,
               cv::getStructuringElement(cv::MORPH_ELLIPSE, {2 * radius + 1, 2 * radius + 1}));
  }
  mask.convertTo(weights, CV_32F, 1.0 / 255);
  cv::GaussianBlur(weights, weights, {}, std::max(0.5, feather));
  return weights;
}

void KeepMouth(cv::Mat& face, const cv::Mat& mouth, std::span<const Point> mesh, double share) {
  if (share <= 0) return;
  const double soft = 0.008 * FaceSize(mesh);
  BlendOnto(face, mouth, OutlineWeights(mesh, InnerLips(), face.size(), soft, soft) * share);
}

void ColourStatistics::MoveTo(const ColourStatistics& now, double share) {
  mean = mean * (1 - share) + now.mean * share;
  deviation = deviation * (1 - share) + now.deviation * share;
}

ColourStatistics StatisticsOf(const cv::Mat& picture, const cv::Mat& weights) {
  cv::Mat mask;
  cv::compare(weights, 0.5, mask, cv::CMP_GT);
  cv::Scalar mean, deviation;
  cv::meanStdDev(ToLab(picture), mean, deviation, mask);
  return {{mean[0], mean[1], mean[2]}, {deviation[0], deviation[1], deviation[2]}};
}

void MatchColours(cv::Mat& picture, const ColourStatistics& from, const ColourStatistics& to) {
  cv::Mat lab = ToLab(picture);
  static constexpr double kNoise[] = {0.5, 0.1, 0.1};
  cv::Scalar gain, shift;
  for (int c = 0; c < 3; ++c) {
    const double ratio = (to.deviation[c] + kNoise[c]) / (from.deviation[c] + kNoise[c]);
    gain[c] = std::clamp(ratio, c == 0 ? 2.0 / 3 : 0.0, 1.5);
    shift[c] = to.mean[c] - gain[c] * from.mean[c];
  }
  cv::multiply(lab, gain, lab);
  cv::add(lab, shift, lab);
  cv::cvtColor(lab, lab, cv::COLOR_Lab2RGB);
  lab.convertTo(picture, CV_8U, 255);
}

void MatchLight(cv::Mat& picture, const cv::Mat& like, const cv::Mat& weights, double reach,
                double share) {
  // What is left after such blurring is just as well computed on a small picture.
  const double factor = std::min(1.0, 4 / std::max(1.0, reach));
  const cv::Size small(std::max(2, cvRound(picture.cols * factor)),
                       std::max(2, cvRound(picture.rows * factor)));
  cv::Mat a, b, w;
  cv::resize(picture, a, small, 0, 0, cv::INTER_AREA);
  cv::resize(like, b, small, 0, 0, cv::INTER_AREA);
  cv::resize(weights, w, small, 0, 0, cv::INTER_AREA);
  a.convertTo(a, CV_32F);
  b.convertTo(b, CV_32F);
  cv::Mat difference = BlurredWithin(b - a, w, std::max(0.5, reach * factor)) * share;
  cv::resize(difference, difference, picture.size(), 0, 0, cv::INTER_LINEAR);
  cv::add(picture, difference, picture, cv::noArray(), CV_8U);
}

void BlendOnto(cv::Mat onto, const cv::Mat& picture, const cv::Mat& weights) {
  for (int y = 0; y < onto.rows; ++y) {
    const auto* weight = weights.ptr<float>(y);
    const auto* from = picture.ptr<uint8_t>(y);
    auto* to = onto.ptr<uint8_t>(y);
    for (int x = 0; x < onto.cols; ++x) {
      if (weight[x] <= 0) continue;
      for (int c = 3 * x; c < 3 * x + 3; ++c) {
        const auto difference = static_cast<float>(from[c] - to[c]);
        to[c] = cv::saturate_cast<uint8_t>(static_cast<float>(to[c]) + weight[x] * difference);
      }
    }
  }
}

}  // namespace unmask
