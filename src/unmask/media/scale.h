#pragma once

#include "unmask/media/image.h"

namespace unmask {

// The picture at another size. Each new pixel is the mean of the area that it covers where the
// picture shrinks; bicubic where it grows.
Image Scaled(const Image& image, int width, int height);

// A whole even number of pixels near `value`, at least 2: what video encoders take.
int EvenPixels(double value);

}  // namespace unmask
