#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "unmask/explain/points.h"

namespace unmask {

// The directions of greatest variance of a cloud of points.
struct Pca {
  std::vector<double> mean;
  // One component a row, orthonormal, by falling variance. Its entry of largest magnitude (the
  // first of equal ones) is positive, so that runs agree. A direction without variance that was
  // asked for is a row of zeros.
  Points components;
  std::vector<double> variances;  // along each component, of n − 1
  double total_variance = 0;      // of the data, along all directions

  // Share of the variance along component `i`, 0 … 1; 0 where the data do not vary.
  double ExplainedShare(size_t i) const;

  // Coordinates along the components: points × components.
  Points Project(const Points& data) const;
};

// The first `components` ≥ 1 of them; where points or dimensions are fewer, as many as those. By
// block power iteration on a seeded random start (Halko, Martinsson and Tropp, 2011, algorithm
// 4.4), which is exact for small data and otherwise for components whose variance stands out from
// what is left out. Throws Error where there is no point or a value that is not finite.
Pca FitPca(const Points& data, size_t components, uint64_t seed = 1);

}  // namespace unmask
