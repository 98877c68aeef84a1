#pragma once

#include <cstddef>
#include <span>

namespace unmask {

// The temperature T that makes sigmoid(margin / T) the best probability of "fake", by log loss
// (Guo et al., ICML 2017, equation 9). `margins` {n}: logit of fake minus logit of real; `labels`:
// 1 = fake. The answer lies in [0.05, 100]. Throws Error for empty input, unequal lengths, margins
// that are not finite, and when one class is absent.
double FitTemperature(std::span<const double> margins, std::span<const int> labels);

// How many of `count` items are the share `rate` (0 … 1) at most: of 0.29 and 100, whose product is
// a little less than 29, 29.
size_t AllowedOf(double rate, size_t count);

// The lowest decision threshold at which at most the share `rate` (0 … 1) of the real items has a
// score ≥ it; between two scores where there is room. Never below 0.5: a face that is more likely
// real than fake is not called fake. Never above 1, where more real items than that score 1 itself.
// Throws Error as above and when nothing is real.
double ThresholdForFalseAlarms(std::span<const double> scores, std::span<const int> labels,
                               double rate);

}  // namespace unmask
