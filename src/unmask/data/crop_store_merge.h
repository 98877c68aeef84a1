#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <string>
#include <vector>

#include "unmask/base/cancel.h"

namespace unmask {

struct StoreMerge {
  int64_t files = 0;
  int64_t faces = 0;
  // Remarks for a person: shards that are missing, settings in which the stores differ.
  std::vector<std::string> notes;
};

// Joins finished stores into a new one; nothing is packed again. A file may be in several of them
// only if all but one failed to read it; that one counts then. Throws Error naming the stores when
// their crops differ in size or scale, when a file is in two of them, when an identity is in two
// splits, and when `out` exists. `progress` is called with files done and of all.
StoreMerge MergeCropStores(const std::vector<std::filesystem::path>& stores,
                           const std::filesystem::path& out, const CancelToken* cancel = nullptr,
                           const std::function<void(int64_t, int64_t)>& progress = nullptr);

}  // namespace unmask
