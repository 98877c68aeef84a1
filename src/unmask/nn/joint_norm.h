#pragma once

#include <ATen/core/Tensor.h>

#include "unmask/nn/joint_batch.h"

namespace unmask {

// Batch normalisation in training with the statistics of the whole joint batch, as one process
// that held it all would compute it (Ioffe and Szegedy 2015). `x` {batch, C, …}: this process's
// share; the others {C}, of which the running statistics move by `momentum`.
//
// The gradients of weight and bias are those of the own share, to be summed over the processes as
// all others are. Forward and backward pass exchange 2 · C numbers each.
at::Tensor JointBatchNorm(const at::Tensor& x, const at::Tensor& weight, const at::Tensor& bias,
                          at::Tensor running_mean, at::Tensor running_var, double momentum,
                          double epsilon, JointBatch& joint);

}  // namespace unmask
