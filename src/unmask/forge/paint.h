#pragma once

// For .cc files only: OpenCV types stay out of public headers. What forgeries and the
// conditions of robustness paint with. Pictures are CV_8UC3 RGB, weights CV_32F from 0 to 1.

#include <opencv2/core.hpp>
#include <span>
#include <vector>

#include "unmask/forge/face_mask.h"
#include "unmask/forge/face_mesh.h"

namespace unmask {

// The part of a frame of the given size around a mesh, wider by `margin` times its size; empty when
// the mesh lies outside.
cv::Rect AreaOf(std::span<const Point> mesh, double margin, cv::Size frame);

std::vector<Point> Moved(std::span<const Point> points, double dx, double dy);

// The picture moved, at the same size; mirrored in from its edges where nothing is left.
cv::Mat WarpPicture(const cv::Mat& source, const Affine& transform);

// Triangle by triangle, the picture of size `size` in which what `source` shows at `from` is seen
// at `to`. Pixels that no visible triangle covers are left as in `background`, which may be empty.
// Where the source is much larger, it is scaled down first.
cv::Mat WarpByMesh(const cv::Mat& source, std::span<const Point> from, std::span<const Point> to,
                   std::span<const Triangle> triangles, cv::Size size,
                   const cv::Mat& background = {});

// Where a face is to be warped: a part of the frame, and in its pixels the face's mesh and the one
// it is to have, each with a ring of points around it that holds still. The area is empty when the
// face lies outside of the frame.
struct WarpPlace {
  cv::Rect area;
  std::vector<Point> from, to;
};
WarpPlace PlaceToWarp(std::span<const Point> own, std::span<const Point> wanted, cv::Size frame);

// 255 where no skin of the face is shown at `to` that is also shown at `from` (CV_8U): the far
// cheek of a turned head. There is nothing there to take pixels from or to lay them on.
cv::Mat UnseenSkin(std::span<const Point> from, std::span<const Point> to, cv::Size size);

// Weights of a region of the face: drawn in by `inset` and soft over about `feather` pixels, also
// against what `without` marks (CV_8U, may be empty).
cv::Mat RegionWeights(std::span<const Point> mesh, FaceRegion region, cv::Size size, double inset,
                      double feather, const cv::Mat& without = {});

// Weights of the polygon through the points that `outline` names; soft, grown by `grow` pixels.
cv::Mat OutlineWeights(std::span<const Point> mesh, std::span<const int> outline, cv::Size size,
                       double grow, double feather);

// Shows in `face` what `mouth` shows between the inner lips of `mesh`, in the given share.
void KeepMouth(cv::Mat& face, const cv::Mat& mouth, std::span<const Point> mesh, double share);

// Mean and standard deviation of the colours in CIE Lab, as Reinhard et al. (2001) carry them over.
struct ColourStatistics {
  cv::Vec3d mean;
  cv::Vec3d deviation;

  // Follows a film slowly: `share` of `now`, the rest as it was.
  void MoveTo(const ColourStatistics& now, double share);
};
ColourStatistics StatisticsOf(const cv::Mat& picture, const cv::Mat& weights);

// Gives the picture the statistics `to` where it had `from`; contrast changes at most by half,
// colours may vanish (in a film without any).
void MatchColours(cv::Mat& picture, const ColourStatistics& from, const ColourStatistics& to);

// Gives the picture the light of `like`: what is left of both after blurring over `reach` pixels
// within the weights is exchanged, in the given share.
void MatchLight(cv::Mat& picture, const cv::Mat& like, const cv::Mat& weights, double reach,
                double share);

// onto + weights · (picture − onto).
void BlendOnto(cv::Mat onto, const cv::Mat& picture, const cv::Mat& weights);

}  // namespace unmask
