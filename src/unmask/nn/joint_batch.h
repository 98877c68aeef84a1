#pragma once

#include <ATen/core/Tensor.h>

#include <vector>

namespace unmask {

// The processes that work on one batch together. Each holds an equal share of its faces; process 0
// has the first. Norms and random draws then do what one process with the whole batch would do.
class JointBatch {
 public:
  virtual ~JointBatch() = default;

  virtual int rank() const = 0;  // 0 … size() − 1
  virtual int size() const = 0;

  // Replaces each tensor by its sum over all processes, which must call this in the same order with
  // tensors of the same shapes. All get the same bits.
  virtual void Sum(const std::vector<at::Tensor>& tensors) = 0;

  // The rows of all processes, those of process 0 first, without gradients. All must have equally
  // many.
  at::Tensor Gather(const at::Tensor& rows);
};

}  // namespace unmask
