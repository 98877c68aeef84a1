#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "unmask/base/json.h"
#include "unmask/data/layouts/layout.h"

namespace unmask {

// What the command line of `prepare` says of the files to prepare.
struct PrepareSource {
  std::vector<std::filesystem::path> files;
  std::filesystem::path manifest;
  std::string label;   // of `files`: "real", "fake" or ""
  std::string layout;  // "": recognised where `files` is one folder that fits exactly one
  LayoutOptions dataset;
};

struct PrepareSelection {
  Listing listing;
  std::string layout;  // "" unless the files are a data set
};

// Throws UsageError for options that do not go together, and what ListDataset() and ReadManifest()
// throw.
PrepareSelection SelectInputs(const PrepareSource& source);

// What would be prepared: files of each class in each split.
Json SelectionToJson(const PrepareSelection& selection);
std::string SelectionToText(const PrepareSelection& selection);

}  // namespace unmask
