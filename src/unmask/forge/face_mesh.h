#pragma once

#include <array>
#include <span>
#include <vector>

#include "unmask/face/face.h"

namespace unmask {

// Landmarks of the face mesh by what they outline.
std::span<const int> FaceOval();    // from the forehead's middle, clockwise in the image
std::span<const int> OuterLips();   // closed
std::span<const int> InnerLips();   // closed
std::span<const int> FirmPoints();  // that no expression moves: bridge of the nose, temples, eyes

// A frontal face, kMeshSize points: origin between the eyes, x to the image's right, y down, unit
// the distance between the outer corners of the eyes.
std::span<const Point> CanonicalMesh();

// A mesh with a ring of points around it, one outside of each point of the oval, at `kRingScale`
// times its distance from the middle of the face: pictures warped by it end in what is unmoved.
inline constexpr double kRingScale = 1.4;
std::vector<Point> WithRing(std::span<const Point> mesh);

using Triangle = std::array<int, 3>;

// Delaunay's triangulation of the canonical mesh, with its ring or without; the same for every
// face. All triangles turn clockwise in the image; one that turns the other way in a mesh is on the
// side of the face that is not seen.
std::span<const Triangle> MeshTriangles(bool with_ring);

// x' = xx·x + xy·y + x0, y' = yx·x + yy·y + y0.
struct Affine {
  double xx = 1, xy = 0, x0 = 0;
  double yx = 0, yy = 1, y0 = 0;

  Point operator()(Point p) const {
    return {static_cast<float>(xx * p.x + xy * p.y + x0),
            static_cast<float>(yx * p.x + yy * p.y + y0)};
  }
};

// Least squares over the points that `which` names. Points on one line give a plain shift.
Affine FitAffine(std::span<const Point> from, std::span<const Point> to,
                 std::span<const int> which);
Similarity FitSimilarity(std::span<const Point> from, std::span<const Point> to,
                         std::span<const int> which);

std::vector<Point> Transformed(std::span<const Point> points, const Affine& transform);
std::vector<Point> Transformed(std::span<const Point> points, const Similarity& transform);

// Height of the opening between the lips in relation to the distance between the outer corners of
// the eyes, about 0 … 0.6.
double MouthOpening(std::span<const Point> mesh);

// Distance between the outermost points of the cheeks or of forehead and chin, the greater of the
// two, in pixels of the mesh.
double FaceSize(std::span<const Point> mesh);

}  // namespace unmask
