#pragma once

#include <cstddef>

#include "unmask/base/cancel.h"
#include "unmask/explain/points.h"

namespace unmask {

// Whether neighbours on a map are neighbours in the data (Venna and Kaski, 2001), 0 … 1:
//
//   1 − 2 / (n·k·(2n − 3k − 1)) · Σ_i Σ_{j ∈ U(i)} (r(i, j) − k)
//
// with U(i) those of the k nearest points of i on the map that are not among its k nearest in the
// data, where j is the r(i, j)-th nearest. Euclidean; equally far points are ranked by number.
// Takes time and, per thread, memory as n². Throws Error where the numbers of points differ, a
// value is not finite, or not 1 ≤ k < n / 2; Cancelled when `cancel`
// is set meanwhile.
double Trustworthiness(const Points& data, const Points& map, size_t k = 5, int threads = 0,
                       const CancelToken* cancel = nullptr);

}  // namespace unmask
