#include "unmask/forge/face_mesh.h"

#include <algorithm>
#include <cmath>
#include <opencv2/imgproc.hpp>
#include <utility>

#include "unmask/base/error.h"
#include "unmask/face/alignment.h"

namespace unmask {
namespace {

constexpr int kOval[] = {10,  338, 297, 332, 284, 251, 389, 356, 454, 323, 361, 288,
                         397, 365, 379, 378, 400, 377, 152, 148, 176, 149, 150, 136,
                         172, 58,  132, 93,  234, 127, 162, 21,  54,  103, 67,  109};
constexpr int kOuterLips[] = {61,  146, 91,  181, 84,  17, 314, 405, 321, 375,
                              291, 409, 270, 269, 267, 0,  37,  39,  40,  185};
constexpr int kInnerLips[] = {78,  95,  88,  178, 87,  14, 317, 402, 318, 324,
                              308, 415, 310, 311, 312, 13, 82,  81,  80,  191};
constexpr int kFirm[] = {33, 133, 362, 263, 168, 6, 197, 195, 127, 356, 234, 454, 162, 389};
constexpr int kUpperInnerLip = 13, kLowerInnerLip = 14;
constexpr int kRightEyeCorner = 33, kLeftEyeCorner = 263;
constexpr int kForehead = 10, kChin = 152, kRightCheek = 234, kLeftCheek = 454;

double Distance(const Point& a, const Point& b) { return std::hypot(a.x - b.x, a.y - b.y); }

void RequireMesh(std::span<const Point> mesh) {
  if (mesh.size() != kMeshSize) throw Error("a forgery needs all landmarks of the mesh");
}

std::vector<Triangle> Triangulate(const std::vector<Point>& points) {
  constexpr float kEdge = 10;  // of the square in which the points lie
  cv::Subdiv2D subdivision;
  subdivision.initDelaunay(cv::Rect(-10, -10, 20, 20));
  std::vector<int> index_of_vertex;
  for (size_t i = 0; i < points.size(); ++i) {
    const Point& p = points[i];
    if (std::fabs(p.x) >= kEdge || std::fabs(p.y) >= kEdge) throw Error("mesh out of range");
    const auto vertex = static_cast<size_t>(subdivision.insert(cv::Point2f(p.x, p.y)));
    index_of_vertex.resize(std::max(index_of_vertex.size(), vertex + 1), -1);
    index_of_vertex[vertex] = static_cast<int>(i);
  }
  std::vector<cv::Vec6f> found;
  subdivision.getTriangleList(found);
  std::vector<Triangle> triangles;
  for (const cv::Vec6f& t : found) {
    Triangle triangle{};
    bool inside = true;
    for (int k = 0; k < 3; ++k) {
      int edge = 0, vertex = 0;
      const cv::Point2f corner(t[2 * k], t[2 * k + 1]);
      inside = inside && std::fabs(corner.x) < kEdge && std::fabs(corner.y) < kEdge &&
               subdivision.locate(corner, edge, vertex) == cv::Subdiv2D::PTLOC_VERTEX;
      if (inside) triangle[k] = index_of_vertex[static_cast<size_t>(vertex)];
    }
    if (!inside) continue;
    const auto [a, b, c] = triangle;
    const float turn = (points[b].x - points[a].x) * (points[c].y - points[a].y) -
                       (points[b].y - points[a].y) * (points[c].x - points[a].x);
    if (turn < 0) std::swap(triangle[1], triangle[2]);
    triangles.push_back(triangle);
  }
  return triangles;
}

}  // namespace

std::span<const int> FaceOval() { return kOval; }
std::span<const int> OuterLips() { return kOuterLips; }
std::span<const int> InnerLips() { return kInnerLips; }
std::span<const int> FirmPoints() { return kFirm; }

std::vector<Point> WithRing(std::span<const Point> mesh) {
  RequireMesh(mesh);
  std::vector<Point> points(mesh.begin(), mesh.end());
  Point middle{};
  for (const int i : kOval) {
    middle.x += mesh[i].x / std::size(kOval);
    middle.y += mesh[i].y / std::size(kOval);
  }
  const auto scale = static_cast<float>(kRingScale);
  for (const int i : kOval) {
    points.push_back(
        {middle.x + scale * (mesh[i].x - middle.x), middle.y + scale * (mesh[i].y - middle.y)});
  }
  return points;
}

std::span<const Triangle> MeshTriangles(bool with_ring) {
  static const std::vector<Triangle> plain =
      Triangulate({CanonicalMesh().begin(), CanonicalMesh().end()});
  static const std::vector<Triangle> ringed = Triangulate(WithRing(CanonicalMesh()));
  return with_ring ? ringed : plain;
}

Affine FitAffine(std::span<const Point> from, std::span<const Point> to,
                 std::span<const int> which) {
  cv::Matx33d normal = cv::Matx33d::zeros();
  cv::Matx<double, 3, 2> right = cv::Matx<double, 3, 2>::zeros();
  double shift_x = 0, shift_y = 0;
  for (const int i : which) {
    const cv::Vec3d p(from[i].x, from[i].y, 1);
    normal += p * p.t();
    right += p * cv::Matx12d(to[i].x, to[i].y);
    shift_x += (to[i].x - from[i].x) / static_cast<double>(which.size());
    shift_y += (to[i].y - from[i].y) / static_cast<double>(which.size());
  }
  cv::Matx<double, 3, 2> solution;
  if (!cv::solve(normal, right, solution, cv::DECOMP_CHOLESKY)) {
    return {.x0 = shift_x, .y0 = shift_y};
  }
  return {solution(0, 0), solution(1, 0), solution(2, 0),
          solution(0, 1), solution(1, 1), solution(2, 1)};
}

Similarity FitSimilarity(std::span<const Point> from, std::span<const Point> to,
                         std::span<const int> which) {
  std::vector<Correspondence> pairs;
  for (const int i : which) pairs.push_back({from[i].x, from[i].y, to[i].x, to[i].y});
  return FitSimilarity(pairs);
}

std::vector<Point> Transformed(std::span<const Point> points, const Affine& transform) {
  std::vector<Point> moved;
  moved.reserve(points.size());
  for (const Point& p : points) moved.push_back(transform(p));
  return moved;
}

std::vector<Point> Transformed(std::span<const Point> points, const Similarity& transform) {
  std::vector<Point> moved;
  moved.reserve(points.size());
  for (const Point& p : points) moved.push_back(transform(p));
  return moved;
}

double MouthOpening(std::span<const Point> mesh) {
  RequireMesh(mesh);
  const double eyes = Distance(mesh[kRightEyeCorner], mesh[kLeftEyeCorner]);
  const double gap = Distance(mesh[kUpperInnerLip], mesh[kLowerInnerLip]);
  // From the side the eyes come together; the height of the face does not.
  const double unit = std::max(eyes, 0.5 * Distance(mesh[kForehead], mesh[kChin]));
  return gap / std::max(unit, 1e-3);
}

double FaceSize(std::span<const Point> mesh) {
  RequireMesh(mesh);
  return std::max(
      {Distance(mesh[kForehead], mesh[kChin]), Distance(mesh[kRightCheek], mesh[kLeftCheek]), 1.0});
}

}  // namespace unmask
