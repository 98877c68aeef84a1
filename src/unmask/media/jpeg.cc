#include "unmask/media/jpeg.h"

// jpeglib.h wants <cstdio> before it.
// clang-format off
#include <cstdio>
#include <jpeglib.h>
// clang-format on
#include <jerror.h>
#include <libexif/exif-data.h>

#include <csetjmp>
#include <cstring>
#include <memory>
#include <opencv2/core.hpp>
#include <utility>

#include "unmask/media/opencv_view.h"

namespace unmask {
namespace {

// A progressive picture has some ten scans; a hostile one of a few kilobytes thousands, each of
// which takes the time of all its pixels.
constexpr int kMostScans = 500;

// A file that ends before this part of its picture, a tenth, shows next to nothing.
constexpr unsigned kLeastShare = 10;

// A decompressor that comes back to where setjmp() was called, as libjpeg's errors want it: nothing
// that has a destructor may be made between that place and the calls into the library.
struct Decompressor {
  jpeg_decompress_struct info{};
  jpeg_error_mgr errors{};
  jpeg_progress_mgr progress{};
  std::jmp_buf back{};
  bool next_to_nothing = false;  // is there of the picture

  Decompressor() {
    info.err = jpeg_std_error(&errors);
    info.client_data = this;
    errors.error_exit = [](j_common_ptr any) { Of(any).Leave(); };
    // Warnings: the picture is shown all the same.
    errors.emit_message = [](j_common_ptr any, int) {
      const jpeg_decompress_struct& state = Of(any).info;
      const bool ends = any->err->msg_code == JWRN_JPEG_EOF && state.input_scan_number <= 1;
      if (ends && kLeastShare * state.input_iMCU_row < state.total_iMCU_rows) {
        Of(any).next_to_nothing = true;
      }
    };
    errors.output_message = [](j_common_ptr) {};
    progress.progress_monitor = [](j_common_ptr any) {
      Decompressor& self = Of(any);
      if (self.info.input_scan_number > kMostScans) self.Leave();
    };
  }
  ~Decompressor() { jpeg_destroy_decompress(&info); }
  Decompressor(const Decompressor&) = delete;
  Decompressor& operator=(const Decompressor&) = delete;

  static Decompressor& Of(j_common_ptr any) {
    return *static_cast<Decompressor*>(any->client_data);
  }
  [[noreturn]] void Leave() { std::longjmp(back, 1); }

  bool ReadHeader(std::span<const uint8_t> bytes) {
    if (bytes.empty() || setjmp(back) != 0) return false;
    jpeg_create_decompress(&info);
    info.progress = &progress;
    jpeg_save_markers(&info, JPEG_APP0 + 1, 0xFFFF);
    jpeg_mem_src(&info, bytes.data(), bytes.size());
    return jpeg_read_header(&info, TRUE) == JPEG_HEADER_OK;
  }

  bool ReadPixels(Image& image) {
    if (setjmp(back) != 0) return false;
    info.out_color_space = JCS_RGB;
    jpeg_start_decompress(&info);
    while (info.output_scanline < info.output_height) {
      JSAMPROW row = image.row(static_cast<int>(info.output_scanline));
      jpeg_read_scanlines(&info, &row, 1);
    }
    return jpeg_finish_decompress(&info) == TRUE && !next_to_nothing;
  }
};

struct FreeExif {
  void operator()(ExifData* data) const { exif_data_unref(data); }
};

// EXIF's "Orientation", 1 … 8; 1 where no marker says anything.
int OrientationOf(const jpeg_decompress_struct& info) {
  for (const jpeg_marker_struct* marker = info.marker_list; marker; marker = marker->next) {
    if (marker->data_length < 6 || std::memcmp(marker->data, "Exif\0\0", 6) != 0) continue;
    const std::unique_ptr<ExifData, FreeExif> data(
        exif_data_new_from_data(marker->data, marker->data_length));
    if (data == nullptr) return 1;
    const ExifEntry* entry = exif_content_get_entry(data->ifd[EXIF_IFD_0], EXIF_TAG_ORIENTATION);
    if (entry == nullptr || entry->format != EXIF_FORMAT_SHORT || entry->size < 2) return 1;
    return exif_get_short(entry->data, exif_data_get_byte_order(data.get()));
  }
  return 1;
}

// From 5 on the sides are exchanged; then come the mirror images.
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
  Decompressor decompressor;
  if (!decompressor.ReadHeader(bytes)) return {};
  return {static_cast<int>(decompressor.info.image_width),
          static_cast<int>(decompressor.info.image_height)};
}

std::optional<Image> DecodeJpeg(std::span<const uint8_t> bytes) {
  Decompressor decompressor;
  if (!decompressor.ReadHeader(bytes)) return Image();
  const jpeg_decompress_struct& info = decompressor.info;
  if (info.jpeg_color_space == JCS_CMYK || info.jpeg_color_space == JCS_YCCK) return std::nullopt;
  Image image(static_cast<int>(info.image_width), static_cast<int>(info.image_height));
  const int orientation = OrientationOf(info);  // the markers go with the last row
  if (!decompressor.ReadPixels(image)) return Image();
  return Upright(std::move(image), orientation);
}

}  // namespace unmask
