#pragma once

#include <cstdint>
#include <functional>
#include <vector>

#include "unmask/sampling/batch_loader.h"
#include "unmask/train/optimizer.h"
#include "unmask/train/trained_classifier.h"

namespace unmask {

struct StepResult {
  double loss = 0;
  double accuracy = 0;  // of the batches, with the weights before the step
};

// One step of the optimiser: forward, backward, and the move.
class TrainingStep {
 public:
  TrainingStep(TrainedClassifier& classifier, Optimizer& optimizer, const TrainOptions& options);

  // `next_batch` is called `accumulate` times. All random draws of the network are functions of
  // (seed, step). Throws Error when the loss is not finite.
  StepResult Run(int64_t step, double learning_rate, const std::function<Batch()>& next_batch);

 private:
  struct Tensors;
  StepResult Backward(Tensors& batch, int64_t step);

  TrainedClassifier& classifier_;
  Optimizer& optimizer_;
  const TrainOptions& options_;
  const bool bfloat16_;
};

}  // namespace unmask
