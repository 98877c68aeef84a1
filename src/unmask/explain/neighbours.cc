#include "unmask/explain/neighbours.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <nanoflann.hpp>
#include <string>
#include <utility>

#include "unmask/base/error.h"
#include "unmask/explain/for_ranges.h"

namespace unmask {
namespace {

constexpr double kLargest = 1e140;  // its square is a number, and the sum of many

// The points as nanoflann wants to see them.
struct Adaptor {
  const Points& points;

  size_t kdtree_get_point_count() const { return points.count; }
  double kdtree_get_pt(size_t index, size_t dimension) const {
    return points.values[index * points.dimensions + dimension];
  }
  template <typename Box>
  bool kdtree_get_bbox(Box&) const {
    return false;  // it may find it itself
  }
};

using Tree = nanoflann::KDTreeSingleIndexAdaptor<nanoflann::L2_Adaptor<double, Adaptor>, Adaptor,
                                                 -1, uint32_t>;

}  // namespace

std::vector<Neighbour> NearestNeighbours(const Points& points, size_t k, int threads) {
  if (k < 1 || k >= points.count || points.count > std::numeric_limits<uint32_t>::max()) {
    throw Error(std::to_string(points.count) + " points have no " + std::to_string(k) +
                " nearest neighbours each");
  }
  for (const double value : points.values) {
    if (!(std::abs(value) <= kLargest)) throw Error("points too far away to have neighbours");
  }
  const Adaptor adaptor{points};
  const Tree tree(static_cast<int>(points.dimensions), adaptor,
                  nanoflann::KDTreeSingleIndexAdaptorParams(16));
  std::vector<Neighbour> neighbours(points.count * k);
  ForRanges(points.count, threads, 64, [&](size_t begin, size_t end) {
    std::vector<uint32_t> indices(k + 1);
    std::vector<double> distances(k + 1);
    std::vector<Neighbour> found;
    for (size_t i = begin; i < end; ++i) {
      // The point itself is among the nearest, unless more than k others equal it.
      const size_t count =
          tree.knnSearch(points.row(i).data(), k + 1, indices.data(), distances.data());
      found.clear();
      for (size_t n = 0; n < count; ++n) {
        if (indices[n] != i) found.push_back({indices[n], distances[n]});
      }
      std::sort(found.begin(), found.end(), [](const Neighbour& a, const Neighbour& b) {
        return std::pair(a.squared_distance, a.index) < std::pair(b.squared_distance, b.index);
      });
      std::copy_n(found.begin(), k, neighbours.begin() + static_cast<std::ptrdiff_t>(i * k));
    }
  });
  return neighbours;
}

}  // namespace unmask
