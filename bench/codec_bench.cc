// Lossless codecs for some thousand aligned crops. The table in docs/datasets.md comes from
// this program. It compares libraries that Unmask does not use, so CMake does not build it:
//
//   apt install libspng-dev
//   g++ -std=c++20 -O2 bench/codec_bench.cc -o codec_bench $(pkg-config --cflags --libs opencv4
//   spng libwebp)
//   ./codec_bench FOLDER_OF_PNG [COUNT]
//
// Processor time of one thread.

#include <spng.h>
#include <webp/decode.h>
#include <webp/encode.h>

#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <ctime>
#include <functional>
#include <memory>
#include <opencv2/imgcodecs.hpp>
#include <opencv2/imgproc.hpp>
#include <string>
#include <vector>

#include "crop_files.h"

namespace {

// Of the processor: hardly depends on what else is running.
double CpuSeconds(const std::function<void()>& work) {
  const std::clock_t start = std::clock();
  work();
  return static_cast<double>(std::clock() - start) / CLOCKS_PER_SEC;
}

cv::Mat DecodeOpenCv(const Bytes& bytes) {
  cv::Mat rgb;
  cv::cvtColor(cv::imdecode(bytes, cv::IMREAD_COLOR), rgb, cv::COLOR_BGR2RGB);
  return rgb;
}

Bytes EncodeOpenCv(const cv::Mat& rgb, const char* extension, const std::vector<int>& parameters) {
  cv::Mat bgr;
  cv::cvtColor(rgb, bgr, cv::COLOR_RGB2BGR);
  Bytes bytes;
  cv::imencode(extension, bgr, bytes, parameters);
  return bytes;
}

Bytes EncodeSpng(const cv::Mat& rgb, int level, int filters) {
  const std::unique_ptr<spng_ctx, void (*)(spng_ctx*)> context(spng_ctx_new(SPNG_CTX_ENCODER),
                                                               spng_ctx_free);
  spng_set_option(context.get(), SPNG_ENCODE_TO_BUFFER, 1);
  spng_set_option(context.get(), SPNG_IMG_COMPRESSION_LEVEL, level);
  spng_set_option(context.get(), SPNG_FILTER_CHOICE, filters);
  spng_ihdr header{};
  header.width = static_cast<uint32_t>(rgb.cols);
  header.height = static_cast<uint32_t>(rgb.rows);
  header.bit_depth = 8;
  header.color_type = SPNG_COLOR_TYPE_TRUECOLOR;
  spng_set_ihdr(context.get(), &header);
  Check(spng_encode_image(context.get(), rgb.data, rgb.total() * 3, SPNG_FMT_PNG,
                          SPNG_ENCODE_FINALIZE) == 0,
        "spng encode");
  size_t size = 0;
  int error = 0;
  void* buffer = spng_get_png_buffer(context.get(), &size, &error);
  const auto* begin = static_cast<const uint8_t*>(buffer);
  Bytes bytes(begin, begin + size);
  std::free(buffer);
  return bytes;
}

Bytes EncodeWebp(const cv::Mat& rgb, int level) {
  WebPConfig config;
  WebPConfigInit(&config);
  WebPConfigLosslessPreset(&config, level);
  WebPPicture picture;
  WebPPictureInit(&picture);
  picture.use_argb = 1;
  picture.width = rgb.cols;
  picture.height = rgb.rows;
  WebPMemoryWriter writer;
  WebPMemoryWriterInit(&writer);
  picture.writer = WebPMemoryWrite;
  picture.custom_ptr = &writer;
  Check(WebPPictureImportRGB(&picture, rgb.data, static_cast<int>(rgb.step)) != 0, "webp import");
  Check(WebPEncode(&config, &picture) != 0, "webp encode");
  Bytes bytes(writer.mem, writer.mem + writer.size);
  WebPMemoryWriterClear(&writer);
  WebPPictureFree(&picture);
  return bytes;
}

cv::Mat DecodeWebp(const Bytes& bytes) {
  int width = 0;
  int height = 0;
  Check(WebPGetInfo(bytes.data(), bytes.size(), &width, &height) != 0, "webp header");
  cv::Mat rgb(height, width, CV_8UC3);
  Check(WebPDecodeRGBInto(bytes.data(), bytes.size(), rgb.data, rgb.total() * 3,
                          static_cast<int>(rgb.step)) != nullptr,
        "webp");
  return rgb;
}

struct Codec {
  std::string name;
  std::function<Bytes(const cv::Mat&)> encode;
  std::function<cv::Mat(const Bytes&)> decode;
};

std::vector<Codec> Codecs() {
  std::vector<Codec> codecs;
  codecs.push_back({"PNG as OpenCV writes it, read by it",
                    [](const cv::Mat& m) { return EncodeOpenCv(m, ".png", {}); }, DecodeOpenCv});
  codecs.push_back({"PNG as OpenCV writes it, read by spng",
                    [](const cv::Mat& m) { return EncodeOpenCv(m, ".png", {}); }, DecodeSpng});
  for (const int level : {1, 3, 6, 9}) {
    codecs.push_back(
        {"PNG level " + std::to_string(level) + ", all filters, spng",
         [=](const cv::Mat& m) { return EncodeSpng(m, level, SPNG_FILTER_CHOICE_ALL); },
         DecodeSpng});
  }
  codecs.push_back({"PNG level 6, Paeth, spng",
                    [](const cv::Mat& m) { return EncodeSpng(m, 6, SPNG_FILTER_CHOICE_PAETH); },
                    DecodeSpng});
  for (const int level : {0, 2, 4, 6, 9}) {
    codecs.push_back({"WebP lossless " + std::to_string(level),
                      [=](const cv::Mat& m) { return EncodeWebp(m, level); }, DecodeWebp});
  }
  codecs.push_back({"TIFF LZW, OpenCV",
                    [](const cv::Mat& m) {
                      return EncodeOpenCv(m, ".tiff", {cv::IMWRITE_TIFF_COMPRESSION, 5});
                    },
                    DecodeOpenCv});
  codecs.push_back({"raw pixels",
                    [](const cv::Mat& m) { return Bytes(m.data, m.data + m.total() * 3); },
                    [](const Bytes& b) {
                      const int side = static_cast<int>(std::sqrt(b.size() / 3.0) + 0.5);
                      return cv::Mat(side, side, CV_8UC3, const_cast<uint8_t*>(b.data())).clone();
                    }});
  return codecs;
}

void MeasureCodecs(const fs::path& folder, size_t count) {
  std::vector<cv::Mat> images;
  for (const Bytes& bytes : ReadFolder(folder, count)) images.push_back(DecodeOpenCv(bytes));
  std::printf("%-40s %10s %10s %8s\n", "codec", "write ms", "read ms", "KB");
  for (const Codec& codec : Codecs()) {
    std::vector<Bytes> encoded;
    size_t size = 0;
    const double write = CpuSeconds([&] {
      for (const cv::Mat& image : images) encoded.push_back(codec.encode(image));
    });
    for (const Bytes& bytes : encoded) size += bytes.size();
    std::vector<cv::Mat> decoded(images.size());
    const double read = CpuSeconds([&] {
      for (size_t i = 0; i < encoded.size(); ++i) decoded[i] = codec.decode(encoded[i]);
    });
    for (size_t i = 0; i < images.size(); ++i) {
      Check(std::memcmp(images[i].data, decoded[i].data, images[i].total() * 3) == 0, "lossy");
    }
    const double n = static_cast<double>(images.size());
    std::printf("%-40s %10.2f %10.2f %8.1f\n", codec.name.c_str(), write / n * 1e3, read / n * 1e3,
                static_cast<double>(size) / n / 1000);
    std::fflush(stdout);
  }
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 2) {
    std::fprintf(stderr, "See the top of codec_bench.cc\n");
    return 2;
  }
  cv::setNumThreads(1);
  MeasureCodecs(argv[1], argc > 2 ? std::strtoul(argv[2], nullptr, 10) : 0);
}
