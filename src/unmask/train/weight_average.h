#pragma once

#include <ATen/core/Tensor.h>

#include "unmask/nn/network.h"

namespace unmask {

// An exponential moving average of tensors, which often generalises better than the last weights
// (Polyak and Juditsky 1992; as used in Tarvainen and Valpola 2017):
//
//   a ← d · a + (1 − d) · w,   d = min(decay, (1 + n) / (10 + n)) at the n-th update
//
// so that the first weights are soon forgotten. Tensors of whole numbers are copied.
class WeightAverage {
 public:
  // `tensors` are shared with the network and followed from their present values. `decay` in (0,
  // 1).
  WeightAverage(NamedTensors tensors, double decay);

  void Update();

  // Exchanges the averages with the network's own values. Call it again to change back.
  void Swap();

  // The averages, by the names of the tensors, and how often they were updated: for a checkpoint.
  NamedTensors& averages() { return averages_; }
  at::Tensor& updates() { return updates_; }

 private:
  NamedTensors tensors_;
  NamedTensors averages_;
  at::Tensor updates_;  // {1}, int64
  double decay_;
};

// Lets a network have its averages while it lives; does nothing without an average.
class WithAverages {
 public:
  explicit WithAverages(WeightAverage* average) : average_(average) {
    if (average_ != nullptr) average_->Swap();
  }
  ~WithAverages() {
    if (average_ != nullptr) average_->Swap();
  }
  WithAverages(const WithAverages&) = delete;
  WithAverages& operator=(const WithAverages&) = delete;

 private:
  WeightAverage* average_;
};

}  // namespace unmask
