#include "unmask/media/lossless.h"

#include <webp/decode.h>
#include <webp/encode.h>

#include <string>

#include "unmask/base/error.h"

namespace unmask {
namespace {

// 0 … 9. With 2 crops are a sixth smaller and take four times as long: docs/datasets.md.
constexpr int kEffort = 0;

struct Picture {
  WebPPicture picture;
  WebPMemoryWriter writer;

  Picture() {
    WebPPictureInit(&picture);
    WebPMemoryWriterInit(&writer);
  }
  ~Picture() {
    WebPPictureFree(&picture);
    WebPMemoryWriterClear(&writer);
  }
  Picture(const Picture&) = delete;
  Picture& operator=(const Picture&) = delete;
};

}  // namespace

std::vector<uint8_t> PackLossless(const Image& image) {
  if (image.channels != 3 || image.empty()) throw Error("only RGB pictures can be packed");
  Picture p;
  p.picture.use_argb = 1;
  p.picture.width = image.width;
  p.picture.height = image.height;
  p.picture.writer = WebPMemoryWrite;
  p.picture.custom_ptr = &p.writer;
  WebPConfig config;
  const bool packed =
      WebPConfigInit(&config) != 0 && WebPConfigLosslessPreset(&config, kEffort) != 0 &&
      WebPPictureImportRGB(&p.picture, image.data.data(), static_cast<int>(image.row_bytes())) !=
          0 &&
      WebPEncode(&config, &p.picture) != 0;
  if (!packed) {
    throw Error("a picture of " + std::to_string(image.width) + "x" + std::to_string(image.height) +
                " cannot be packed (WebP error " + std::to_string(p.picture.error_code) + ")");
  }
  return {p.writer.mem, p.writer.mem + p.writer.size};
}

Image UnpackLossless(std::span<const uint8_t> bytes) {
  int width = 0;
  int height = 0;
  if (WebPGetInfo(bytes.data(), bytes.size(), &width, &height) == 0) {
    throw Error("the packed picture is damaged");
  }
  Image image(width, height);
  if (WebPDecodeRGBInto(bytes.data(), bytes.size(), image.data.data(), image.data.size(),
                        static_cast<int>(image.row_bytes())) == nullptr) {
    throw Error("the packed picture is damaged");
  }
  return image;
}

}  // namespace unmask
