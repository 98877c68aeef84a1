#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <nlohmann/json.hpp>
#include <string>

#include "unmask/base/cancel.h"
#include "unmask/train/options.h"
#include "unmask/train/process_group.h"
#include "unmask/train/validation.h"

namespace unmask {

struct TrainProgress {
  int64_t step = 0;  // done
  int64_t steps = 0;
  int64_t validations = 0;  // done since this run began or was resumed
  std::string began_with;   // FirstWeights::summary
  // Means over the last 50 steps or fewer, without the time of validations.
  double loss = 0;
  double accuracy = 0;  // of the training batches
  double images_per_second = 0;
};

struct TrainResult {
  int64_t steps = 0;
  Json validation;              // of the model, see ToJson(Validation)
  int64_t held_out_people = 0;  // whose faces the validation judged
  std::filesystem::path model;
};

// Trains a classifier of real and fake faces and writes, into options.output:
//
//   model.onnx        the model, calibrated on the split "val": the last, or the best if so chosen;
//                     joined, where there are general_weights
//   last.onnx, best.onnx   of the last validation, and of that with the best AUC
//   checkpoint.pt     all that a resumed run needs
//   metrics.jsonl     a line every 50 steps, and two at every validation
//   events.out.tfevents.*   the same for TensorBoard
//   options.toml      TrainOptions::options_file
//
// Throws Error before time is spent and before the folder is made when options or stores do not
// fit, and when the loss is not finite. On Cancelled the checkpoint is up to date.
TrainResult Train(const TrainOptions& options, const CancelToken* cancel = nullptr,
                  const std::function<void(const TrainProgress&)>& progress = nullptr);

// The same together with other processes, each of which calls this with the same options: every one
// takes its share of every batch, and the result is that of one process but for rounding. Process 0
// alone validates and writes; the result of the others lacks the validation. An error or a cancel
// in one ends all. A run may be resumed by another number of processes.
TrainResult Train(const TrainOptions& options, ProcessGroup& group, const CancelToken* cancel,
                  const std::function<void(const TrainProgress&)>& progress);

}  // namespace unmask
