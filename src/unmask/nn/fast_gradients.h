#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>

namespace unmask {

// Operations whose gradients LibTorch computes slowly, or in bf16 not at all. Values and gradients
// are those of the plain operations; where the derivative jumps it is that of the flat or straight
// side.

// min(max(x, 0), 6); derivative 0 at 0 and at 6
at::Tensor Relu6(const at::Tensor& x);

// x · min(max(x + 3, 0), 6) / 6; derivative 0 at −3 and 1 at 3
at::Tensor HardSwish(const at::Tensor& x);

// Convolution of each channel with a filter of its own. `x`: {batch, C, H, W}, channels_last;
// `filters`: {C, 1, k, k} with k > 3; `pad` on all four sides. The gradient of the filters is put
// together from 3 × 3 blocks, which oneDNN 2.6 has fast code for: with larger filters it takes ten
// times as long (bf16, 5 × 5). Computes in bf16 under autocast.
at::Tensor LargeDepthwiseConvolution(const at::Tensor& x, const at::Tensor& filters, int64_t stride,
                                     int64_t pad);

}  // namespace unmask
