#pragma once

// For .cc files only: how a picture that FFmpeg decoded becomes RGB.

#include <cstdint>
#include <filesystem>
#include <memory>
#include <mutex>
#include <utility>
#include <vector>

#include "unmask/base/error.h"
#include "unmask/media/ffmpeg_helpers.h"
#include "unmask/media/frame.h"

namespace unmask {

// How a decoded picture becomes upright: a mirror, then a turn.
struct Orientation {
  bool flip_horizontally = false;
  int quarter_turns = 0;  // clockwise, 0 … 3

  bool swaps_sides() const { return quarter_turns % 2 != 0; }
  // `image` as decoded, made upright.
  Image Upright(Image image) const;
  // Where the upright `part` lies in a decoded picture of the given size.
  PixelRectangle Decoded(const PixelRectangle& part, int width, int height) const;
};

// Converts to RGB. Keeps the scaler from call to call: one thread at a time.
class RgbConverter {
 public:
  // `path`: for messages.
  explicit RgbConverter(std::filesystem::path path) : path_(std::move(path)) {}

  // `frame` at the size of `image`: as it is, or enlarged or reduced by a bicubic filter, or by the
  // mean of the area where `area` is set. Throws Error for a format that cannot be converted.
  void Convert(const AVFrame& frame, Image* image, bool area = false);

 private:
  struct Source {
    uint8_t* rows[4];
    int strides[4];
  };
  // A copy of the frame, until the next one.
  Source CopyTogether(const AVFrame& frame);
  Error ConversionError() const;

  std::filesystem::path path_;
  ScalerPointer scaler_;
  std::vector<uint8_t> planes_;    // what the scaler makes
  std::vector<uint8_t> together_;  // what it is given
};

// The converters that the frames of one video share. Thread-safe.
class RgbConverterPool {
 public:
  explicit RgbConverterPool(std::filesystem::path path) : path_(std::move(path)) {}
  // As RgbConverter::Convert().
  void Convert(const AVFrame& frame, Image* image, bool area = false);

 private:
  using Converters = std::vector<std::unique_ptr<RgbConverter>>;
  const std::filesystem::path path_;
  std::mutex mutex_;
  Converters idle_[2];  // by `area`: the scalers of whole frames stay as they are
};

// The frame without a copy of its pixels. Its pixels must be square.
std::unique_ptr<Frame> MakeVideoFrame(const AVFrame& frame, const Orientation& orientation,
                                      std::shared_ptr<RgbConverterPool> converters);

}  // namespace unmask
