#include "unmask/train_cli/layer_maps.h"

#include <ATen/ATen.h>
#include <ATen/Parallel.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdint>
#include <string>
#include <thread>
#include <vector>

#include "unmask/base/error.h"
#include "unmask/media/image.h"
#include "unmask/nn/images.h"
#include "unmask/train/exported_network.h"

namespace unmask {
namespace {

constexpr int kMostCrops = 4096;  // of one request; more is nonsense

// False at the end of the input. Throws Error where it ends in the middle.
bool ReadAll(void* data, size_t bytes) {
  auto* next = static_cast<char*>(data);
  size_t left = bytes;
  while (left > 0) {
    const ssize_t got = read(STDIN_FILENO, next, left);
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0 && left == bytes) return false;
    if (got <= 0) throw Error("the crops ended in the middle of one");
    next += got;
    left -= static_cast<size_t>(got);
  }
  return true;
}

void WriteAll(const void* data, size_t bytes) {
  const auto* next = static_cast<const char*>(data);
  while (bytes > 0) {
    const ssize_t written = write(STDOUT_FILENO, next, bytes);
    if (written < 0 && errno == EINTR) continue;
    if (written <= 0) throw Error("nobody takes the maps any more");
    next += written;
    bytes -= static_cast<size_t>(written);
  }
}

}  // namespace

int MakeLayerMaps(int argc, char** argv) {
  if (argc != 6) {
    throw UsageError("--layer-maps takes MODEL LAYER METHOD TARGET",
                     "Use `unmask explain --layer`, which runs it");
  }
  at::set_num_threads(static_cast<int>(std::max(1u, std::thread::hardware_concurrency())));
  ExportedNetwork network(argv[2], argv[3]);
  const bool plus_plus = std::string(argv[4]) == "grad-cam++";
  const std::string target = argv[5];
  const ModelMetadata& metadata = network.metadata();
  const int32_t size[2] = {static_cast<int32_t>(network.height()),
                           static_cast<int32_t>(network.width())};
  WriteAll(size, sizeof(size));
  int32_t count = 0;
  while (ReadAll(&count, sizeof(count))) {
    if (count < 1 || count > kMostCrops) throw Error("cannot make maps of so many crops at once");
    std::vector<Image> crops;
    for (int32_t i = 0; i < count; ++i) {
      Image& crop = crops.emplace_back(metadata.input_width, metadata.input_height);
      if (!ReadAll(crop.data.data(), crop.data.size())) throw Error("a crop is missing");
    }
    const at::Tensor images = ToTensor(crops, metadata.mean, metadata.deviation);
    const at::Tensor maps = network.Maps(images, target, plus_plus).contiguous();
    WriteAll(maps.data_ptr<float>(), static_cast<size_t>(maps.numel()) * sizeof(float));
  }
  return 0;
}

}  // namespace unmask
