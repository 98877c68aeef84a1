#pragma once

// For tests: a small store of real faces.

#include <filesystem>
#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "unmask/data/prepare.h"

namespace unmask {

// Prepares the sample photos below `folder` as real faces: some in the split "train", others in
// "val"; `change` may say otherwise. Returns the store.
inline std::filesystem::path MakeTestStore(
    const std::filesystem::path& folder,
    const std::function<void(PrepareInput&)>& change = [](PrepareInput&) {}) {
  const std::filesystem::path samples = std::filesystem::path(UNMASK_DEPS_DIR) / "samples";
  std::vector<PrepareInput> inputs;
  for (int i = 1; i <= 6; ++i) {
    const std::string name = "sample" + std::to_string(i) + ".jpg";
    inputs.push_back({.file = samples / name, .split = i <= 4 ? "train" : "val", .label = 0});
    inputs.back().identity = name;
    change(inputs.back());
  }
  const std::filesystem::path store = folder / "store";
  Prepare(inputs, store, {.crop_size = 112});
  return store;
}

}  // namespace unmask
