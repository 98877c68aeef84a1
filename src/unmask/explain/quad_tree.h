#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "unmask/explain/points.h"

namespace unmask {

// Points of the plane in nested squares, for Barnes and Hut's (1986) approximation of sums over all
// pairs: a square that is small for its distance counts as one point at its centre of mass.
class QuadTree {
 public:
  // Points of two finite coordinates; any number may be equal.
  explicit QuadTree(const Points& points);

  // What a point feels of all others j: `force` = Σ q²·(y − y_j) and `weight` = Σ q with
  // q = 1 / (1 + |y − y_j|²).
  struct Repulsion {
    std::array<double, 2> force{};
    double weight = 0;
  };

  // Of the point of this number. A square of width w whose centre of mass is at distance d stands
  // for its points where w < theta·d; 0 adds them up one by one.
  Repulsion At(size_t point, double theta) const;

 private:
  struct Node {
    uint32_t begin = 0, end = 0;      // its points, in the order of the tree
    std::array<uint32_t, 4> child{};  // 0: none; all 0: a leaf
    std::array<double, 2> centre{};   // of mass
    double squared_width = 0;
  };

  uint32_t Build(uint32_t begin, uint32_t end, std::array<double, 2> middle, double half,
                 int depth);
  void Add(uint32_t node, uint32_t rank, double squared_theta, Repulsion& sum) const;

  std::vector<Node> nodes_;
  std::vector<uint32_t> order_;                // number of the point at each place of the tree
  std::vector<uint32_t> rank_;                 // place of each point
  std::vector<std::array<double, 2>> points_;  // in the order of the tree
};

}  // namespace unmask
