#include "unmask/train/pair_sheet.h"

#include <cstring>

#include "unmask/backbones/registry.h"
#include "unmask/train/pair_source.h"

namespace unmask {
namespace {

void Paste(const Image& picture, int left, int top, Image& sheet) {
  for (int y = 0; y < picture.height; ++y) {
    std::memcpy(sheet.row(top + y) + static_cast<size_t>(left) * 3, picture.row(y),
                picture.row_bytes());
  }
}

}  // namespace

Image PairSheet(const TrainOptions& options, int columns, int rows) {
  const PairSource source(OpenStores(options.stores),
                          SourceOptions(options, "train", options.augmentation));
  const int size = static_cast<int>(InputSize(options));
  const int gap = size / 16;
  Image sheet(columns * (2 * size + gap) + gap, rows * (size + gap) + gap);
  std::memset(sheet.data.data(), 255, sheet.data.size());
  for (int i = 0; i < columns * rows; ++i) {
    const PairSource::Pair pair = source.Make(i);
    const int left = gap + i % columns * (2 * size + gap);
    const int top = gap + i / columns * (size + gap);
    Paste(pair.real, left, top, sheet);
    Paste(pair.fake, left + size, top, sheet);
  }
  return sheet;
}

}  // namespace unmask
