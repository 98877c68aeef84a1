#pragma once

#include <cstdint>

#include "unmask/media/image.h"

namespace unmask {

// Single degradations of colour pictures, in place. None keeps a state: equal pictures and
// arguments give equal results.

struct Tone {
  double contrast = 1;    // factor
  double brightness = 0;  // grey levels
  double gamma = 1;       // power
  double red = 0;         // grey levels, added at last
  double blue = 0;
};
// 255 · ((contrast · v + brightness) / 255)^gamma, clipped to 0 … 255 before and after.
void ChangeTone(Image& image, const Tone& tone);

// Distance from grey times `factor`; 0 leaves a grey picture.
void ChangeSaturation(Image& image, double factor);

// Gaussian of `sigma` pixels.
void Blur(Image& image, double sigma);

// Mean along a line of `length` pixels at `angle` radians.
void BlurAlongLine(Image& image, double length, double angle);

// Independent in every value, `sigma` grey levels; `seed` fixes it.
void AddNoise(Image& image, double sigma, uint64_t seed);

enum class Enlargement { kLinear, kCubic, kLanczos };
// Scales it down to `factor` of its size, by the means of areas and to no less than 8 pixels, and
// up again. Nothing where that is not smaller.
void ScaleDownAndUp(Image& image, double factor, Enlargement enlargement);

// Through JPEG. Its 8 × 8 blocks begin `phase_x`, `phase_y` pixels (0 … 15) before the picture.
void CompressJpeg(Image& image, int quality, int phase_x, int phase_y);

struct Patch {
  double area = 0;          // share of the picture, 0 … 1
  double aspect = 1;        // width / height
  double x = 0.5, y = 0.5;  // where it lies, 0 … 1 of what room there is
  uint8_t colour[3] = {};
};
// Covers a rectangle. Where its width or height would exceed the picture's, they are cut.
void CutOut(Image& image, const Patch& patch);

}  // namespace unmask
