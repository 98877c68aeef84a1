#pragma once

// For .cc files of the store only.

#include "unmask/data/crop_store_format.h"

namespace unmask {

// Throws Error naming the first difference between what the store `path` was begun with and what is
// asked for now.
void CheckSameStore(const std::filesystem::path& path, const CropStoreState& state,
                    const std::vector<SourceFile>& files, const CropStoreInfo& wanted,
                    const std::vector<SourceFile>& inputs);

}  // namespace unmask
