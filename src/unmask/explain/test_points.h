#pragma once

// For tests: points that are made up.

#include <cmath>
#include <initializer_list>
#include <vector>

#include "unmask/base/random.h"
#include "unmask/explain/points.h"

namespace unmask {

inline Points PointsOf(std::initializer_list<std::vector<double>> rows) {
  Points points(rows.size(), rows.begin()->size());
  size_t i = 0;
  for (const std::vector<double>& row : rows) {
    for (size_t d = 0; d < row.size(); ++d) points.row(i)[d] = row[d];
    ++i;
  }
  return points;
}

inline Points NormalPoints(size_t count, size_t dimensions, uint64_t seed, double deviation = 1) {
  Points points(count, dimensions);
  Random random(seed);
  for (double& value : points.values) value = Normal(random, 0, deviation);
  return points;
}

// Point i belongs to cluster i mod `clusters`; their centres stand `distance` from the origin, each
// along an axis of its own.
inline Points Clusters(size_t count, size_t dimensions, size_t clusters, double distance,
                       uint64_t seed) {
  Points points = NormalPoints(count, dimensions, seed);
  for (size_t i = 0; i < count; ++i) points.row(i)[i % clusters] += distance;
  return points;
}

}  // namespace unmask
