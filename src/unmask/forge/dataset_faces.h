#pragma once

#include <filesystem>
#include <optional>

#include "unmask/forge/face_clip.h"

namespace unmask {

// What FindMainFace() found, kept in a file while a data set is being built, so that no clip is
// searched twice. Nothing when the file is missing or not whole.
std::optional<FoundFaces> ReadFoundFaces(const std::filesystem::path& path);
void WriteFoundFaces(const std::filesystem::path& path, const FoundFaces& found);

}  // namespace unmask
