#pragma once

#include <filesystem>

namespace unmask {

// The training program `unmask-train`, which is built beside this program where LibTorch is
// installed; whether it is there or not.
std::filesystem::path TrainingProgram();

}  // namespace unmask
