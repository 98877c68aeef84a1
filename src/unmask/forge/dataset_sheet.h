#pragma once

#include <filesystem>

#include "unmask/forge/forge_dataset.h"

namespace unmask {

struct DatasetSheetOptions {
  int pairs = 1;    // the first ones of the data set, both targets of each
  int columns = 6;  // moments of a clip
  int side = 160;   // of a picture, pixels
};

// A contact sheet of a data set that was made: for each target a row of the real clip and one of
// each family, the same moments below each other, cut around the face.
void WriteDatasetSheet(const std::filesystem::path& folder, const ForgeDatasetOptions& options,
                       const DatasetPlan& plan, const std::filesystem::path& picture,
                       const DatasetSheetOptions& sheet = {});

}  // namespace unmask
