#pragma once

#include <cstdint>
#include <filesystem>

#include "unmask/base/json.h"

namespace unmask {

// What a run measures, written twice into its folder: metrics.jsonl, a JSON object a line, for
// programs, and an event file for TensorBoard. Each entry is written at once.
//
// A line has the "step", the "time" in seconds since 1970, and values: those of training as they
// are, those of a validation in an object "validation". The event file holds the same, as
// "train/loss" or "validation/auc", and the recipe as a text.
class MetricsLog {
 public:
  // Keeps what an earlier run in `folder` wrote up to `step`, of validations up to the step
  // `validated`, and drops what a resumed run will write again. The event file begins anew with
  // what was kept, so that nothing is in it twice.
  MetricsLog(const std::filesystem::path& folder, int64_t step, int64_t validated,
             const Json& recipe);

  void Add(int64_t step, const Json& values);

 private:
  std::filesystem::path lines_;
  std::filesystem::path events_;
};

}  // namespace unmask
