#pragma once

#include <filesystem>
#include <string>
#include <vector>

namespace unmask {

// Folders that may hold the program's own files, the first to be asked first: $UNMASK_DATA,
// share/unmask beside the folder of the program or of libunmask.so, where it is installed to, and
// the source tree this was built from.
std::vector<std::filesystem::path> AssetFolders();

// Finds a file that belongs to the program (a network, the default model) by its name relative to
// the data folder, e.g. "networks/face_detection_full_range.tflite", in AssetFolders().
// Throws Error listing the places when it is in none of them.
std::filesystem::path FindAsset(const std::string& name);

// Names of the files with this extension (".toml") in the folder `folder` of any of AssetFolders(),
// sorted, each once.
std::vector<std::string> AssetsIn(const std::string& folder, const std::string& extension);

// A program that is installed or built beside this one, whether it is there or not.
std::filesystem::path ProgramBesideThis(const std::string& name);

// Where compiled models are cached: $UNMASK_CACHE, else $XDG_CACHE_HOME/unmask, else
// ~/.cache/unmask. Created when missing; empty when it cannot be.
std::filesystem::path CacheFolder();

}  // namespace unmask
