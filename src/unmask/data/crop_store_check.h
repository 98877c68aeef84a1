#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <string>
#include <vector>

#include "unmask/base/cancel.h"

namespace unmask {

struct StoreCheck {
  int64_t files = 0;
  int64_t faces = 0;
  // What is wrong, a sentence each, naming the face or the file; empty for a sound store. At most
  // kStoreFaults of them are told.
  std::vector<std::string> faults;
  int64_t more_faults = 0;  // beyond those
};

inline constexpr size_t kStoreFaults = 100;

// Reads all of a store: every crop is whole and of the stated size, every number finite, each
// file's faces are as many as it says, no face belongs to a file that failed, and no identity is in
// two splits. `threads`: 0 is one per core. `progress` is called with faces done and of all. Throws
// Error when the store cannot even be opened.
StoreCheck CheckCropStore(const std::filesystem::path& path, int threads = 0,
                          const CancelToken* cancel = nullptr,
                          const std::function<void(int64_t, int64_t)>& progress = nullptr);

}  // namespace unmask
