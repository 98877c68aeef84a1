#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

namespace unmask {

// An 8-bit picture, rows from top to bottom, channels interleaved, no padding between rows.
// Three channels are R, G, B (full range, sRGB as decoded); one channel is grey.
// Pixel centres are at (x + 0.5, y + 0.5).
struct Image {
  Image() = default;
  Image(int width_in, int height_in, int channels_in = 3)
      : width(width_in),
        height(height_in),
        channels(channels_in),
        data(static_cast<size_t>(width_in) * height_in * channels_in) {}

  bool empty() const { return data.empty(); }
  size_t row_bytes() const { return static_cast<size_t>(width) * channels; }
  uint8_t* row(int y) { return data.data() + y * row_bytes(); }
  const uint8_t* row(int y) const { return data.data() + y * row_bytes(); }

  int width = 0;
  int height = 0;
  int channels = 3;
  std::vector<uint8_t> data;
};

}  // namespace unmask
