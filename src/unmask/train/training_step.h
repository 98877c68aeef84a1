#pragma once

#include <cstdint>
#include <functional>
#include <vector>

#include "unmask/nn/joint_batch.h"
#include "unmask/sampling/batch_loader.h"
#include "unmask/train/optimizer.h"
#include "unmask/train/trained_classifier.h"

namespace unmask {

struct StepResult {
  double loss = 0;      // of the joint batches, in every process
  double accuracy = 0;  // likewise, with the weights before the step
};

// One step of the optimiser: forward, backward, and the move.
//
// Where processes train together, each runs the network on its share of a batch and the loss on the
// embeddings of all, so that every loss is that of the joint batch, whatever it does with it; the
// gradients are then summed. All processes make the same move.
class TrainingStep {
 public:
  // `joint` must outlive the step.
  TrainingStep(TrainedClassifier& classifier, Optimizer& optimizer, const TrainOptions& options,
               JointBatch& joint);

  // `next_batch` gives this process's share and is called `accumulate` times. All random draws of
  // the network are functions of (seed, step). Throws Error when the loss is not finite.
  StepResult Run(int64_t step, double learning_rate, const std::function<Batch()>& next_batch);

 private:
  struct Tensors;
  StepResult Backward(Tensors& batch, int64_t step);
  at::Tensor WithOthers(const at::Tensor& own);
  void SumGradients();

  TrainedClassifier& classifier_;
  Optimizer& optimizer_;
  const TrainOptions& options_;
  JointBatch& joint_;
  const bool bfloat16_;
};

}  // namespace unmask
