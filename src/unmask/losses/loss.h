#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <string>
#include <vector>

#include "unmask/graph/graph.h"
#include "unmask/nn/network.h"

namespace unmask {

// What a classifier is trained with: the head behind the embedding, and the function to minimise.
//
// Notation in the files of this folder: x ∈ R^D the embedding, W_k ∈ R^D the row of class k, y the
// label, θ_k the angle between x and W_k, C classes; CE is cross-entropy, the mean over the batch.
// Margins act in training only: the logits of inference are the plain ones. The head computes in
// the precision of its parameters, float32, whatever that of the embedding.
class Loss {
 public:
  virtual ~Loss() = default;

  // Mean loss of a batch. `embedding` {batch, D}; `labels` {batch}, int64, 0 … C − 1. A pure
  // function: calling it changes nothing.
  virtual at::Tensor Compute(const at::Tensor& embedding, const at::Tensor& labels) = 0;

  // What probability is made of at inference, {batch, C}.
  virtual at::Tensor Logits(const at::Tensor& embedding) = 0;

  // The same as graph operations, whose parameters carry the names of parameters(). Returns the
  // node of the logits.
  virtual int AddHead(GraphBuilder& graph, int embedding) const = 0;

  // What the optimiser changes: the head's own, by their names in the model file.
  NamedTensors& parameters() { return parameters_; }

  // What Update() changes: counters, centres. Part of a checkpoint, not of the model.
  NamedTensors& state() { return state_; }

  // Called once behind every step of the optimiser, with the batch of that step.
  virtual void Update(const at::Tensor& /*embedding*/, const at::Tensor& /*labels*/) {}

 protected:
  NamedTensors parameters_;
  NamedTensors state_;
};

struct LossShape {
  int64_t embedding = 0;            // D
  int64_t classes = 2;              // C
  std::string name = "classifier";  // prefix of the head's parameters
  // Weight of each class in the mean over the batch (King and Zeng 2001), where one class is rare
  // or its errors are dearer; the trainer's batches are balanced already. Empty: all weigh the
  // same.
  std::vector<double> class_weights;
};

}  // namespace unmask
