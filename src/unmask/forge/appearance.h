#pragma once

#include "unmask/base/random.h"
#include "unmask/media/image.h"

namespace unmask {

// How two pictures of one face differ that were taken, coded or generated in different ways. In
// place. `face`: its size in pixels, see FaceSize(). `strength` 0 … 1 scales the change, 0 leaves
// the picture as it is. As many random numbers are drawn whatever the strength.

// Colours (± 20 grey levels each), hue and saturation, brightness and contrast, each at random, and
// always ChangeSharpness(). The kinds are those of Shiohara and Yamasaki (CVPR 2022).
void ChangeAppearance(Image& image, double face, double strength, Random& random);

// Sharpens, or loses fine detail as a generator of low resolution would: down to a quarter of the
// size, but never below 40 pixels of face.
void ChangeSharpness(Image& image, double face, double strength, Random& random);

}  // namespace unmask
