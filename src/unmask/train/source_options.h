#pragma once

#include "unmask/sampling/pair_source.h"
#include "unmask/train/options.h"

namespace unmask {

// The stream of a run for one of its splits, degraded by `strength` (0 … 1).
PairSource::Options SourceOptions(const TrainOptions& options, const char* split, double strength);

}  // namespace unmask
