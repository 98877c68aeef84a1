#pragma once

#include <filesystem>
#include <optional>

#include "unmask/forge/forge_dataset.h"

namespace unmask {

// What dataset.json says; `plan` is missing while the clips are still being looked at.
struct DatasetRecord {
  std::optional<DatasetPlan> plan;
};

// Throws Error when the folder holds something else, or was begun with other sources or options or
// by another version of the program; nothing is known of a folder that is missing or empty.
DatasetRecord ReadDatasetRecord(const std::filesystem::path& folder,
                                const std::vector<DatasetSource>& sources,
                                const ForgeDatasetOptions& options);

// Creates the folder and writes dataset.json; with a plan also the lists of splits and clips.tsv.
void WriteDatasetRecord(const std::filesystem::path& folder,
                        const std::vector<DatasetSource>& sources,
                        const ForgeDatasetOptions& options, const DatasetRecord& record);

}  // namespace unmask
