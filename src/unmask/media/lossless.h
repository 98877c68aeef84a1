#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "unmask/media/image.h"

namespace unmask {

// Pictures packed without any loss, as WebP: about 60 % of the bytes of PNG, read twice as fast.
//
// `image`: three channels, at most 16383 pixels a side. Throws Error when there is no memory.
std::vector<uint8_t> PackLossless(const Image& image);

// The same pixels again. Throws Error when the bytes are not a whole WebP picture.
Image UnpackLossless(std::span<const uint8_t> bytes);

}  // namespace unmask
