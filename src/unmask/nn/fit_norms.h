#pragma once

#include <ATen/core/Tensor.h>

#include "unmask/nn/network.h"

namespace unmask {

// Gives every batch norm the statistics of `images` {batch, C, H, W} and changes its scale and
// shift so that the network still computes at inference what it did. In training, where the batch's
// own statistics count, it then computes about the same; without, a network whose norms were folded
// away would begin from somewhere else.
void FitNorms(Network& network, const at::Tensor& images);

}  // namespace unmask
