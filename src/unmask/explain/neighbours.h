#pragma once

#include <cstdint>
#include <vector>

#include "unmask/explain/points.h"

namespace unmask {

struct Neighbour {
  uint32_t index = 0;
  double squared_distance = 0;  // Euclidean
};

// The `k` nearest other points of each point, exactly, by distance, equal ones by index: neighbours
// of point i stand at i·k … i·k + k − 1. 1 ≤ k < points.count. Of points that are equal to a
// point, any k may be taken. Fast in up to some fifty dimensions. Independent of `threads` (0: one
// per core). Throws Error for another k and for a coordinate that is no number or
// beyond 1e140.
std::vector<Neighbour> NearestNeighbours(const Points& points, size_t k, int threads = 0);

}  // namespace unmask
