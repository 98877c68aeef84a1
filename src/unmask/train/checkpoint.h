#pragma once

#include <cstdint>
#include <filesystem>
#include <string>

#include "unmask/base/json.h"
#include "unmask/train/optimizer.h"
#include "unmask/train/schedule.h"
#include "unmask/train/trained_classifier.h"
#include "unmask/train/weight_average.h"

namespace unmask {

// All that a resumed run needs. Random draws are functions of (seed, step) and need no state.
struct TrainState {
  TrainedClassifier& classifier;
  Optimizer& optimizer;
  Schedule& schedule;
  WeightAverage* average;  // may be null
};

// Writes the state after `steps` steps, atomically. `recipe`: see RecipeOf().
void SaveCheckpoint(const std::filesystem::path& path, const TrainState& state, int64_t steps,
                    const Json& recipe);

// The bytes of a checkpoint. Throws Error naming the file.
std::string ReadCheckpoint(const std::filesystem::path& path);

// Restores the state, on whichever device it is, and returns the number of steps done. Throws Error
// naming the file `path`, from which `bytes` were read, when it is damaged or when its recipe
// differs (naming the first option that does).
int64_t RestoreCheckpoint(const std::filesystem::path& path, const std::string& bytes,
                          const TrainState& state, const Json& recipe);

}  // namespace unmask
