#pragma once

#include <filesystem>
#include <vector>

namespace unmask {

struct ModelsAndStores {
  std::vector<std::filesystem::path> models;
  std::vector<std::filesystem::path> stores;
};

// Tells models from stores of faces on a command line that names both in any order: a store is
// known by its content, any other file is taken for a model. Throws UsageError where there is no
// model or no store, Error for a file that is not there.
ModelsAndStores TellApart(const std::vector<std::filesystem::path>& paths);

}  // namespace unmask
