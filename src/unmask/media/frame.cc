#include "unmask/media/frame.h"

#include <algorithm>
#include <string>
#include <utility>

#include "unmask/base/error.h"
#include "unmask/media/scale.h"

namespace unmask {
namespace {

std::string TextOf(int width, int height) {
  return std::to_string(width) + " × " + std::to_string(height);
}

class ImageFrame : public Frame {
 public:
  explicit ImageFrame(const Image& image) : Frame(image.width, image.height), image_(image) {}
  explicit ImageFrame(Image&& image)
      : Frame(image.width, image.height), own_(std::move(image)), image_(own_) {}

 private:
  Image Convert(const PixelRectangle& part) const override {
    if (part.width == width() && part.height == height()) return image_;
    Image result(part.width, part.height, image_.channels);
    for (int y = 0; y < part.height; ++y) {
      const uint8_t* from = image_.row(part.y + y) + static_cast<size_t>(part.x) * image_.channels;
      std::copy_n(from, result.row_bytes(), result.row(y));
    }
    return result;
  }
  Image Reduce(int width, int height) const override { return Scaled(image_, width, height); }

  Image own_;
  const Image& image_;
};

}  // namespace

Image Frame::Part(const PixelRectangle& part) const {
  const bool inside = part.x >= 0 && part.y >= 0 && part.width > 0 && part.height > 0 &&
                      part.width <= width_ - part.x && part.height <= height_ - part.y;
  if (!inside) {
    throw Error("a part of " + TextOf(part.width, part.height) + " pixels at " +
                std::to_string(part.x) + ", " + std::to_string(part.y) +
                " does not lie in a frame of " + TextOf(width_, height_));
  }
  return Convert(part);
}

const Image& Frame::Reduced(int width, int height) const {
  if (width < 1 || height < 1 || width > width_ || height > height_) {
    throw Error("a frame of " + TextOf(width_, height_) + " pixels cannot be reduced to " +
                TextOf(width, height));
  }
  if (reduced_.width != width || reduced_.height != height) reduced_ = Reduce(width, height);
  return reduced_;
}

std::unique_ptr<Frame> FrameOf(const Image& image) { return std::make_unique<ImageFrame>(image); }
std::unique_ptr<Frame> FrameOf(Image&& image) {
  return std::make_unique<ImageFrame>(std::move(image));
}

}  // namespace unmask
