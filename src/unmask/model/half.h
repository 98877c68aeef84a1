#pragma once

#include <cstdint>

namespace unmask {

// IEEE 754 half precision, rounded to the nearest, ties to even; too large becomes infinity.
uint16_t HalfFromFloat(float value);
float FloatFromHalf(uint16_t half);

}  // namespace unmask
