#pragma once

#include <cstdint>

namespace unmask {

// The learning rate of step `step` (from 0) of `steps`: it rises linearly to `highest` during the
// first `warm_up` share of the steps, then falls to 0 as half a cosine (Loshchilov and Hutter, ICLR
// 2017, without restarts).
double LearningRateAt(int64_t step, int64_t steps, double highest, double warm_up);

}  // namespace unmask
