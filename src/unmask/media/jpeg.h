#pragma once

#include <cstdint>
#include <optional>
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
// grey. An empty picture where next to all of it is missing or `bytes` are damaged otherwise;
// nothing where they are in the colours of the press (CMYK), which are not read here.
std::optional<Image> DecodeJpeg(std::span<const uint8_t> bytes);

}  // namespace unmask
