#pragma once

#include "unmask/train/options.h"

namespace unmask {

// Trains with progress on standard error, prints the result, and draws the run's curves at every
// validation and at the end. Returns the exit code.
int RunTraining(const TrainOptions& options, bool json);

}  // namespace unmask
