#include "unmask/media/jpeg.h"

#include <libexif/exif-data.h>
#include <turbojpeg.h>

#include <memory>
#include <opencv2/core.hpp>
#include <utility>

#include "unmask/media/opencv_view.h"

namespace unmask {
namespace {

struct Free {
  void operator()(void* decoder) const { tjDestroy(decoder); }
  void operator()(ExifData* data) const { exif_data_unref(data); }
};

using Decoder = std::unique_ptr<void, Free>;

struct Header {
  PixelSize size;
  bool of_the_press = false;
};

Header ReadHeader(tjhandle decoder, std::span<const uint8_t> bytes) {
  Header header;
  int subsampling = 0, colours = 0;
  if (decoder == nullptr ||
      tjDecompressHeader3(decoder, bytes.data(), bytes.size(), &header.size.width,
                          &header.size.height, &subsampling, &colours) != 0) {
    return {};
  }
  header.of_the_press = colours == TJCS_CMYK || colours == TJCS_YCCK;
  return header;
}

// EXIF's "Orientation", 1 … 8; 1 where it says nothing.
int OrientationOf(std::span<const uint8_t> bytes) {
  const std::unique_ptr<ExifData, Free> data(
      exif_data_new_from_data(bytes.data(), static_cast<unsigned>(bytes.size())));
  if (data == nullptr) return 1;
  ExifEntry* const entry = exif_content_get_entry(data->ifd[EXIF_IFD_0], EXIF_TAG_ORIENTATION);
  if (entry == nullptr || entry->format != EXIF_FORMAT_SHORT || entry->size < 2) return 1;
  return exif_get_short(entry->data, exif_data_get_byte_order(data.get()));
}

// Sides are exchanged from 5 on; then 2, 3, 4 and 7, 6, 8 differ by mirroring.
Image Upright(Image image, int orientation) {
  if (orientation < 2 || orientation > 8) return image;
  cv::Mat upright = ViewOf(image);
  if (orientation >= 5) cv::transpose(upright, upright);
  constexpr int kNone = 2, kSides = 1, kUpsideDown = 0, kBoth = -1;  // cv::flip's codes
  constexpr int kFlips[] = {kNone, kSides, kBoth, kUpsideDown, kNone, kSides, kBoth, kUpsideDown};
  const int flip = kFlips[orientation - 1];
  if (flip != kNone) cv::flip(upright, upright, flip);
  Image result(upright.cols, upright.rows);
  upright.copyTo(ViewOf(result));
  return result;
}

}  // namespace

PixelSize StatedJpegSize(std::span<const uint8_t> bytes) {
  return ReadHeader(Decoder(tjInitDecompress()).get(), bytes).size;
}

Image DecodeJpeg(std::span<const uint8_t> bytes) {
  const Decoder decoder(tjInitDecompress());
  const Header header = ReadHeader(decoder.get(), bytes);
  if (header.size.width < 1 || header.size.height < 1 || header.of_the_press) return {};
  Image image(header.size.width, header.size.height);
  const int result = tjDecompress2(decoder.get(), bytes.data(), bytes.size(), image.data.data(),
                                   image.width, 0, image.height, TJPF_RGB, TJFLAG_LIMITSCANS);
  if (result != 0 && tjGetErrorCode(decoder.get()) != TJERR_WARNING) return {};
  return Upright(std::move(image), OrientationOf(bytes));
}

}  // namespace unmask
