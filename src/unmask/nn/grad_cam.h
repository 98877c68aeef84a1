#pragma once

#include <ATen/core/Tensor.h>

namespace unmask {

// Grad-CAM (Selvaraju et al., ICCV 2017) and Grad-CAM++ (Chattopadhay et al., WACV 2018) of any
// layer: `map` {batch, C, H, W} and `gradient`, that of the explained score with respect to it,
// give {batch, H, W} ≥ 0.
//
//   Grad-CAM     relu(Σ_k α_k A_k),  α_k = mean of g_k over the places
//   Grad-CAM++   the same with α_k = Σ w relu(g), w = g² / (2 g² + g³ Σ A); 0 where the divisor is
//   0
at::Tensor GradCam(const at::Tensor& map, const at::Tensor& gradient, bool plus_plus);

}  // namespace unmask
