#pragma once

#include <memory>

#include "unmask/media/image.h"

namespace unmask {

// Whole pixels: [x, x + width) × [y, y + height).
struct PixelRectangle {
  int x = 0;
  int y = 0;
  int width = 0;
  int height = 0;
};

// A decoded frame, upright and with square pixels, that becomes RGB only as far as it is looked at:
// converting a whole frame takes longer than decoding it. A frame, and what is asked of
// it, belongs to one thread at a time; others may use other frames of its source, or decode.
class Frame {
 public:
  virtual ~Frame() = default;
  Frame(const Frame&) = delete;
  Frame& operator=(const Frame&) = delete;

  int width() const { return width_; }
  int height() const { return height_; }

  // A part with at least one pixel, as it is in the whole. Throws Error where it does not lie in
  // the frame.
  Image Part(const PixelRectangle& part) const;
  Image Whole() const { return Part({0, 0, width_, height_}); }

  // `part` will be asked for soon: it becomes RGB together with the next that does. An empty one
  // takes that back; a wrong one costs time alone.
  virtual void Foresee(const PixelRectangle& /*part*/) const {}

  // The whole at a size that is nowhere larger: each new pixel is about the mean of the area that
  // it covers. The last size is kept, so that several may ask. Throws Error for a larger size.
  const Image& Reduced(int width, int height) const;

 protected:
  Frame(int width, int height) : width_(width), height_(height) {}

 private:
  virtual Image Convert(const PixelRectangle& part) const = 0;
  virtual Image Reduce(int width, int height) const = 0;

  int width_;
  int height_;
  mutable Image reduced_;
};

// A frame that is RGB already. The first keeps a reference: the image must outlive it.
std::unique_ptr<Frame> FrameOf(const Image& image);
std::unique_ptr<Frame> FrameOf(Image&& image);

}  // namespace unmask
