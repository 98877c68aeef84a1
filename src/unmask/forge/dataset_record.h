#pragma once

#include <filesystem>
#include <optional>

#include "unmask/forge/forge_dataset.h"

namespace unmask {

// The plan that dataset.json in `folder` holds; nothing when the folder is missing or empty.
// Throws Error when it holds something else, or was begun with other sources or options.
std::optional<DatasetPlan> ReadDatasetRecord(const std::filesystem::path& folder,
                                             const std::vector<DatasetSource>& sources,
                                             const ForgeDatasetOptions& options);

// Writes dataset.json, the lists of splits and clips.tsv. Creates the folder.
void WriteDatasetRecord(const std::filesystem::path& folder,
                        const std::vector<DatasetSource>& sources,
                        const ForgeDatasetOptions& options, const DatasetPlan& plan);

}  // namespace unmask
