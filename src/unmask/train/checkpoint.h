#pragma once

#include <cstdint>
#include <filesystem>

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

// Restores the state and returns the number of steps done. Throws Error naming the file when it is
// damaged or when its recipe differs (naming the first option that does).
int64_t LoadCheckpoint(const std::filesystem::path& path, const TrainState& state,
                       const Json& recipe);

}  // namespace unmask
