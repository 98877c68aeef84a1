#include "unmask/media/picture.h"

#include <algorithm>
#include <cctype>
#include <cerrno>
#include <cstring>
#include <fstream>
#include <opencv2/imgcodecs.hpp>
#include <opencv2/imgproc.hpp>
#include <optional>
#include <utility>

#include "unmask/base/atomic_file.h"
#include "unmask/base/error.h"
#include "unmask/media/ffmpeg_helpers.h"
#include "unmask/media/jpeg.h"
#include "unmask/media/opencv_codecs.h"
#include "unmask/media/opencv_view.h"

namespace unmask {
namespace fs = std::filesystem;
namespace {

constexpr std::streamsize kReadBytes = 1 << 20;  // of a file at a time

std::string LowerExtension(const fs::path& path) {
  std::string extension = path.extension().string();
  std::transform(extension.begin(), extension.end(), extension.begin(),
                 [](unsigned char c) { return std::tolower(c); });
  return extension;
}

Image FromBgr(const cv::Mat& bgr) {
  Image image(bgr.cols, bgr.rows);
  cv::Mat target = ViewOf(image);
  cv::cvtColor(bgr, target, cv::COLOR_BGR2RGB);
  return image;
}

cv::Mat ToBgr(const Image& image) {
  cv::Mat bgr;
  cv::cvtColor(ViewOf(image), bgr, image.channels == 1 ? cv::COLOR_GRAY2BGR : cv::COLOR_RGB2BGR);
  return bgr;
}

// Transparent pixels show white paper, not whatever colour hides under them.
cv::Mat LayOnWhite(const cv::Mat& bgra) {
  cv::Mat bgr(bgra.size(), CV_8UC3);
  for (int y = 0; y < bgra.rows; ++y) {
    const auto* from = bgra.ptr<cv::Vec4b>(y);
    auto* to = bgr.ptr<cv::Vec3b>(y);
    for (int x = 0; x < bgra.cols; ++x) {
      const int alpha = from[x][3];
      for (int c = 0; c < 3; ++c) {
        to[x][c] = static_cast<uint8_t>((from[x][c] * alpha + 255 * (255 - alpha) + 127) / 255);
      }
    }
  }
  return bgr;
}

cv::Mat ReduceToEightBits(const cv::Mat& mat) {
  cv::Mat reduced;
  switch (mat.depth()) {
    case CV_8U:
      return mat;
    case CV_16U:
      mat.convertTo(reduced, CV_8U, 1.0 / 257.0);
      return reduced;
    case CV_32F:
    case CV_64F:
      mat.convertTo(reduced, CV_8U, 255.0);
      return reduced;
    default:
      mat.convertTo(reduced, CV_8U);
      return reduced;
  }
}

bool IsJpeg(const std::vector<uint8_t>& bytes) {
  return bytes.size() > 2 && bytes[0] == 0xFF && bytes[1] == 0xD8;
}

Image Decode(const std::vector<uint8_t>& bytes) {
  if (IsJpeg(bytes)) {
    std::optional<Image> image = DecodeJpeg(bytes);
    if (image) return *std::move(image);
  } else {
    // IMREAD_UNCHANGED keeps alpha but ignores EXIF, which TIFF may carry: what has no alpha is
    // read a second time with the orientation applied.
    const cv::Mat raw = LazyImdecode(bytes, cv::IMREAD_UNCHANGED);
    if (raw.empty()) return {};
    if (raw.channels() == 4) return FromBgr(LayOnWhite(ReduceToEightBits(raw)));
  }
  const cv::Mat bgr = LazyImdecode(bytes, cv::IMREAD_COLOR);
  return bgr.empty() ? Image{} : FromBgr(bgr);
}

// The size that a file states; zeros where it does not.
PixelSize StatedSize(const fs::path& path) {
  InputContext input;
  try {
    AVFormatContext* raw = nullptr;
    CaptureFfmpegLog();
    if (avformat_open_input(&raw, FileUrl(path).c_str(), nullptr, nullptr) < 0) return {};
    input.reset(raw);
  } catch (const Error&) {
    return {};
  }
  avformat_find_stream_info(input.get(), nullptr);
  if (input->nb_streams == 0) return {};
  const AVCodecParameters& stated = *input->streams[0]->codecpar;
  return {stated.width, stated.height};
}

// A hostile header is refused before memory is taken.
void CheckSize(const fs::path& path, const PixelSize& stated, int64_t max_pixels) {
  if (stated.width > 0 && stated.height > 0 && stated.width > max_pixels / stated.height) {
    throw Error("cannot read " + path.string() + ": its " + std::to_string(stated.width) + "x" +
                    std::to_string(stated.height) + " pixels are too many",
                "Scale it down first");
  }
}

}  // namespace

Image DecodePicture(const std::vector<uint8_t>& bytes) {
  Image image;
  try {
    image = Decode(bytes);
  } catch (const cv::Exception& e) {
    throw Error(std::string("cannot decode a picture: ") + e.err);
  }
  if (image.empty()) throw Error("cannot decode a picture: it is damaged or of an unknown kind");
  return image;
}

Image ReadPicture(const fs::path& path, int64_t max_pixels) {
  std::ifstream stream(path, std::ios::binary);
  if (!stream) {
    throw Error("cannot read " + path.string() + ": " + std::strerror(errno), "Check the name");
  }
  std::vector<uint8_t> bytes;
  for (size_t read = 1; read > 0 && stream;) {
    const size_t size = bytes.size();
    bytes.resize(size + kReadBytes);
    stream.read(reinterpret_cast<char*>(bytes.data() + size), kReadBytes);
    read = static_cast<size_t>(stream.gcount());
    bytes.resize(size + read);
  }
  CheckSize(path, IsJpeg(bytes) ? StatedJpegSize(bytes) : StatedSize(path), max_pixels);
  Image image;
  try {
    image = Decode(bytes);
  } catch (const cv::Exception&) {
    // OpenCV's text speaks of its own source code, not of the file.
  }
  if (image.empty()) {
    throw Error("cannot read " + path.string() + ": the picture is damaged or of an unknown kind",
                "JPEG, PNG, WebP, BMP and TIFF are read");
  }
  return image;
}

void WritePicture(const fs::path& path, const Image& image, int quality) {
  const std::string extension = LowerExtension(path);
  if (!IsPicturePath(path)) {
    throw Error("cannot write " + path.string() + ": unknown kind of picture '" + extension + "'",
                "Use .jpg, .png, .webp, .bmp or .tiff");
  }
  std::vector<uint8_t> bytes;
  try {
    bytes = LazyImencode(extension, ToBgr(image),
                         {cv::IMWRITE_JPEG_QUALITY, quality, cv::IMWRITE_WEBP_QUALITY, quality});
  } catch (const cv::Exception& e) {
    throw Error("cannot write " + path.string() + ": " + e.err);
  }
  // Encoded in memory first: OpenCV's own writers do not notice a full disk.
  WriteTextFile(path, {reinterpret_cast<const char*>(bytes.data()), bytes.size()});
}

std::vector<uint8_t> EncodeJpeg(const Image& image, int quality) {
  return LazyImencode(".jpg", ToBgr(image), {cv::IMWRITE_JPEG_QUALITY, quality});
}

bool IsPicturePath(const fs::path& path) {
  const std::string extension = LowerExtension(path);
  for (const char* known : {".jpg", ".jpeg", ".png", ".webp", ".bmp", ".tif", ".tiff"}) {
    if (extension == known) return true;
  }
  return false;
}

}  // namespace unmask
