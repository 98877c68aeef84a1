#pragma once

#include <filesystem>
#include <memory>
#include <vector>

#include "unmask/forge/forge_dataset.h"

namespace unmask {

// The main face of a clip, from the file in `kept` (a folder; empty: none) where it was found
// before, else searched for and kept there.
FoundFaces FindOrReadFaces(const std::filesystem::path& file, const ClipCut& cut,
                           const std::filesystem::path& kept,
                           const std::shared_ptr<FaceNetworks>& networks,
                           const CancelToken* cancel);

// ScanClips() that keeps what it finds in the folder `kept`.
DatasetPlan ScanClips(const std::vector<DatasetSource>& sources, const ForgeDatasetOptions& options,
                      const std::filesystem::path& kept, const CancelToken* cancel,
                      const DatasetProgress& progress);

}  // namespace unmask
