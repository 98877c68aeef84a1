#include "unmask/sampling/pair_sheet.h"

#include <cstring>

namespace unmask {
namespace {

void Paste(const Image& picture, int left, int top, Image& sheet) {
  for (int y = 0; y < picture.height; ++y) {
    std::memcpy(sheet.row(top + y) + static_cast<size_t>(left) * 3, picture.row(y),
                picture.row_bytes());
  }
}

}  // namespace

Image PairSheet(const PairSource& source, int columns, int rows) {
  const int size = source.output_size();
  const int gap = size / 16;
  Image sheet(columns * (2 * size + gap) + gap, rows * (size + gap) + gap);
  std::memset(sheet.data.data(), 255, sheet.data.size());
  for (int i = 0; i < columns * rows; ++i) {
    const PairSource::Pair pair = source.Make(i);
    const int left = gap + i % columns * (2 * size + gap);
    const int top = gap + i / columns * (size + gap);
    Paste(pair[0].image, left, top, sheet);
    Paste(pair[1].image, left + size, top, sheet);
  }
  return sheet;
}

}  // namespace unmask
