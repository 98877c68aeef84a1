#pragma once

#include <cstddef>
#include <span>
#include <vector>

namespace unmask {

// `count` points of `dimensions` coordinates each, one after the other.
struct Points {
  size_t count = 0;
  size_t dimensions = 0;
  std::vector<double> values;  // count × dimensions

  Points() = default;
  Points(size_t points, size_t size)  // all zero
      : count(points), dimensions(size), values(points * size, 0.0) {}

  std::span<double> row(size_t i) { return {values.data() + i * dimensions, dimensions}; }
  std::span<const double> row(size_t i) const {
    return {values.data() + i * dimensions, dimensions};
  }
};

// Throws Error where a coordinate is not finite, naming the point, and where there is no point or
// no coordinate. `what` says of what they are points.
void RequireFinite(const Points& points, const char* what);

}  // namespace unmask
