#include "unmask/train/device.h"

#include <ATen/ATen.h>
#include <ATen/autocast_mode.h>
#include <dlfcn.h>
#include <torch/version.h>

#include <charconv>
#include <filesystem>
#include <fstream>
#include <set>
#include <string_view>

#include "unmask/base/error.h"
#include "unmask/base/log.h"

namespace unmask {
namespace {

int CardIndex(const std::string& name) {
  int index = -1;
  const char* end = name.data() + name.size();
  const auto [stopped, error] = std::from_chars(name.data() + 5, end, index);
  return error == std::errc() && stopped == end ? index : -1;
}

void SetAutocast(at::Device device, bool enabled) {
#if TORCH_VERSION_MAJOR >= 2 && TORCH_VERSION_MINOR >= 5 || TORCH_VERSION_MAJOR >= 3
  at::autocast::set_autocast_dtype(device.type(), at::kBFloat16);
  at::autocast::set_autocast_enabled(device.type(), enabled);
#else
  if (device.is_cuda()) {
    at::autocast::set_autocast_gpu_dtype(at::kBFloat16);
    at::autocast::set_enabled(enabled);
  } else {
    at::autocast::set_autocast_cpu_dtype(at::kBFloat16);
    at::autocast::set_cpu_enabled(enabled);
  }
#endif
}

}  // namespace

at::Device FindDevice(const std::string& name, int local_rank) {
  if (name == "cpu" || (name == "auto" && !at::hasCUDA())) return at::kCPU;
  const bool numbered = name.starts_with("cuda:");
  if (name != "auto" && name != "cuda" && !(numbered && CardIndex(name) >= 0)) {
    throw UsageError("the device is '" + name + "', but must be auto, cpu, cuda or cuda:NUMBER");
  }
  if (!at::hasCUDA()) {
    throw Error("the device is " + name + ", but this LibTorch has no CUDA or finds no card",
                "Use --device cpu, or build with a LibTorch for CUDA (cmake -DTorch_DIR=…)");
  }
  const auto cards = static_cast<int>(at::detail::getCUDAHooks().getNumGPUs());
  const int index = numbered ? CardIndex(name) : local_rank;
  if (index >= cards) {
    throw Error("the device is card " + std::to_string(index) + " of CUDA, but this machine has " +
                    std::to_string(cards),
                "Give another --device, or start fewer processes on this machine");
  }
  return {at::kCUDA, static_cast<at::DeviceIndex>(index)};
}

std::string DeviceName(at::Device device) {
  if (device.is_cpu()) return "cpu";
  // NVIDIA's driver lists its cards by their places on the bus, as CUDA_DEVICE_ORDER=PCI_BUS_ID
  // does; where one machine holds cards of several kinds, CUDA may count them otherwise.
  std::set<std::string> models;
  std::error_code ignored;
  for (const auto& card :
       std::filesystem::directory_iterator("/proc/driver/nvidia/gpus", ignored)) {
    std::ifstream file(card.path() / "information");
    std::string line;
    while (std::getline(file, line)) {
      constexpr std::string_view kModel = "Model:";
      if (!line.starts_with(kModel)) continue;
      const size_t begin = line.find_first_not_of(" \t", kModel.size());
      if (begin != std::string::npos) models.insert(line.substr(begin));
    }
  }
  return models.size() == 1 ? *models.begin()
                            : "card " + std::to_string(device.index()) + " of CUDA";
}

Bfloat16Passes::Bfloat16Passes(at::Device device, bool enabled)
    : device_(device), enabled_(enabled) {
  if (enabled_) SetAutocast(device_, true);
}
Bfloat16Passes::~Bfloat16Passes() {
  if (!enabled_) return;
  SetAutocast(device_, false);
  at::autocast::clear_cache();
}

void UseDeterministicAlgorithms(bool deterministic) {
  at::globalContext().setDeterministicAlgorithms(deterministic, /*warn_only=*/false);
  at::globalContext().setDeterministicCuDNN(deterministic);
  at::globalContext().setBenchmarkCuDNN(!deterministic);
}

void WarnOfSlowReferenceBlas() {
  // Debian's LibTorch calls whichever library stands behind libblas.so.3.
  Dl_info info = {};
  void* product = dlsym(RTLD_DEFAULT, "sgemm_");
  if (product == nullptr || dladdr(product, &info) == 0 || info.dli_fname == nullptr) return;
  std::error_code error;
  const std::string file = std::filesystem::canonical(info.dli_fname, error).string();
  if (error || file.find("/blas/libblas.so") == std::string::npos) return;
  Log(LogLevel::kWarning,
      "matrix products run in the reference BLAS, many times slower than in OpenBLAS: install "
      "libopenblas0-pthread");
}

}  // namespace unmask
