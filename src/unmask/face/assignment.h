#pragma once

#include <vector>

namespace unmask {

// The one-to-one assignment of rows to columns with the largest total weight (the Hungarian method
// with potentials, O(n³); Kuhn 1955, Munkres 1957). `weights[row][column]` ≥ 0; pairs of weight 0
// are never assigned. Returns the column of each row, −1 for none.
std::vector<int> MaximalAssignment(const std::vector<std::vector<double>>& weights);

}  // namespace unmask
