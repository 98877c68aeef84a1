#pragma once

#include <filesystem>
#include <string>

namespace unmask {

// Finds a file that belongs to the program (a network, the default model) by its name relative to
// the data folder, e.g. "networks/face_detection_full_range.tflite". Looked for in this order:
// $UNMASK_DATA, <executable>/../share/unmask, the folder of the source tree this was built from.
// Throws Error listing the places when it is in none of them.
std::filesystem::path FindAsset(const std::string& name);

// Where compiled models are cached: $UNMASK_CACHE, else $XDG_CACHE_HOME/unmask, else
// ~/.cache/unmask. Created when missing; empty when it cannot be.
std::filesystem::path CacheFolder();

}  // namespace unmask
