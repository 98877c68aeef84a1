#include "unmask/forge/autoencoders.h"

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <system_error>

#include "unmask/backbones/autoencoder.h"
#include "unmask/base/error.h"
#include "unmask/base/paths.h"
#include "unmask/model/sha256.h"

namespace unmask {
namespace {

namespace fs = std::filesystem;

constexpr char kVariable[] = "UNMASK_AUTOENCODERS";
constexpr char kAsset[] = "models/autoencoders";

[[noreturn]] void ThrowMissing(const std::string& where) {
  throw Error("there are no autoencoders for the forgery reconstruct (" + where + ")",
              "Train some, such as unmask train --autoencoder nearest STORE --out "
              "autoencoders/nearest.onnx, and point UNMASK_AUTOENCODERS at their folder");
}

fs::path InstalledFolder() {
  if (const char* folder = std::getenv(kVariable); folder != nullptr && *folder != '\0') {
    return folder;
  }
  try {
    return FindAsset(kAsset);
  } catch (const Error& e) {
    ThrowMissing(e.problem());
  }
}

}  // namespace

Autoencoders::Autoencoders(const fs::path& folder) {
  std::vector<fs::path> files;
  std::error_code error;
  for (const auto& entry : fs::directory_iterator(folder, error)) {
    if (entry.path().extension() == ".onnx") files.push_back(entry.path());
  }
  if (error) ThrowMissing(folder.string() + ": " + error.message());
  if (files.empty()) ThrowMissing(folder.string() + ": has no file *.onnx");
  std::sort(files.begin(), files.end());
  std::string hashes;
  for (const fs::path& file : files) {
    hashes += Sha256OfFile(file);
    pools_.push_back(std::make_unique<SessionPool>(file, SessionOptions{.threads = 1, .batch = 1}));
  }
  fingerprint_ = Sha256OfText(hashes);
  // Said now, not face by face; the sessions are kept.
  const Image black(static_cast<int>(kAutoencoderSize), static_cast<int>(kAutoencoderSize));
  for (size_t i = 0; i < pools_.size(); ++i) Reconstruct(i, black);
}

const Autoencoders& Autoencoders::Installed() {
  static const Autoencoders installed(InstalledFolder());
  return installed;
}

Image Autoencoders::Reconstruct(size_t which, const Image& image) const {
  constexpr int kSide = static_cast<int>(kAutoencoderSize);
  constexpr size_t kPixels = static_cast<size_t>(kSide) * kSide;
  if (image.width != kSide || image.height != kSide || image.channels != 3) {
    throw Error("an autoencoder takes colour pictures of " + std::to_string(kSide) + " pixels");
  }
  std::vector<float> values(3 * kPixels);
  for (size_t i = 0; i < kPixels; ++i) {
    for (size_t c = 0; c < 3; ++c) {
      values[c * kPixels + i] = static_cast<float>(image.data[3 * i + c]) / 255.0f;
    }
  }
  const SessionPool::Loan session = pools_.at(which)->Take();
  session->Run(values, {1, 3, kSide, kSide});
  const TensorView& made = session->output(kReconstruction);
  if (made.values.size() != values.size()) {
    throw Error(
        pools_[which]->path().string() + ": does not give back a picture of its input's size",
        "Train it with unmask train --autoencoder");
  }
  Image result(kSide, kSide);
  for (size_t i = 0; i < kPixels; ++i) {
    for (size_t c = 0; c < 3; ++c) {
      const float value = std::clamp(made.values[c * kPixels + i], 0.0f, 1.0f);
      result.data[3 * i + c] = static_cast<uint8_t>(std::lround(255 * value));
    }
  }
  return result;
}

}  // namespace unmask
