#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "unmask/model/metadata.h"

namespace unmask {

// Names that tell models apart, each with its file: the first of the model's own names, their
// losses, the files' names without and with their folders in which all differ; else the paths.
std::vector<std::string> NamesThatDiffer(const std::vector<ModelMetadata>& metadata,
                                         const std::vector<std::filesystem::path>& paths);

}  // namespace unmask
