#pragma once

#include "unmask/train/options.h"
#include "unmask/train/process_group.h"

namespace unmask {

// Trains with progress on standard error, prints the result, and draws the run's curves at every
// validation and at the end. Returns the exit code. Of several
// processes the first alone prints and draws.
int RunTraining(const TrainOptions& options, ProcessGroup& group, bool json);

}  // namespace unmask
