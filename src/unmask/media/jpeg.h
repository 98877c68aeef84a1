#pragma once

#include <cstdint>
#include <span>

#include "unmask/media/image.h"

namespace unmask {

struct PixelSize {
  int width = 0;
  int height = 0;
};

// The size that a JPEG states, before its orientation is applied; zeros where `bytes` are none.
PixelSize StatedJpegSize(std::span<const uint8_t> bytes);

// The picture as RGB, EXIF orientation applied; what is missing of a file that was cut short is
// grey. Empty where it is damaged beyond that, or in colours of the press (CMYK), which OpenCV
// reads.
Image DecodeJpeg(std::span<const uint8_t> bytes);

}  // namespace unmask
