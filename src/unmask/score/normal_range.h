#pragma once

#include <cstddef>

namespace unmask {

// The range (largest minus smallest) of `count` independent standard normal values: the studentised
// range with infinitely many degrees of freedom. `count` 2 … 1000; others throw Error.

// P(range ≤ `range`).
double NormalRangeCdf(size_t count, double range);

// Its inverse, for a probability in (0, 1); throws Error for others.
double NormalRangeQuantile(size_t count, double probability);

}  // namespace unmask
