#pragma once

// For codec_bench.cc and container_bench.cc: crops as PNG files in a folder.

#include <spng.h>

#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <memory>
#include <opencv2/core.hpp>
#include <vector>

namespace fs = std::filesystem;
using Bytes = std::vector<uint8_t>;

inline void Check(bool good, const char* what) {
  if (good) return;
  std::fprintf(stderr, "error: %s\n", what);
  std::exit(1);
}

inline Bytes ReadFile(const fs::path& path) {
  std::ifstream stream(path, std::ios::binary);
  return Bytes((std::istreambuf_iterator<char>(stream)), std::istreambuf_iterator<char>());
}

// The files of the folder by name; `count` 0: all.
inline std::vector<Bytes> ReadFolder(const fs::path& folder, size_t count) {
  std::vector<fs::path> paths;
  for (const auto& entry : fs::directory_iterator(folder)) paths.push_back(entry.path());
  std::sort(paths.begin(), paths.end());
  if (count > 0 && paths.size() > count) paths.resize(count);
  std::vector<Bytes> files;
  for (const fs::path& path : paths) files.push_back(ReadFile(path));
  Check(!files.empty(), "the folder is empty");
  return files;
}

inline cv::Mat DecodeSpng(const Bytes& bytes) {
  const std::unique_ptr<spng_ctx, void (*)(spng_ctx*)> context(spng_ctx_new(0), spng_ctx_free);
  spng_set_png_buffer(context.get(), bytes.data(), bytes.size());
  spng_ihdr header{};
  Check(spng_get_ihdr(context.get(), &header) == 0, "spng header");
  cv::Mat rgb(static_cast<int>(header.height), static_cast<int>(header.width), CV_8UC3);
  Check(spng_decode_image(context.get(), rgb.data, rgb.total() * 3, SPNG_FMT_RGB8, 0) == 0, "spng");
  return rgb;
}
