#include "unmask/nn/grad_cam.h"

#include <ATen/ATen.h>

namespace unmask {

at::Tensor GradCam(const at::Tensor& map, const at::Tensor& gradient, bool plus_plus) {
  at::Tensor weights;
  if (plus_plus) {
    // g² cancels from w; where the gradient is not positive relu(g) takes the place out anyway.
    const at::Tensor divisor = 2 + gradient * map.sum({2, 3}, /*keepdim=*/true);
    weights = at::where(divisor == 0, at::zeros_like(divisor), at::relu(gradient) / divisor);
    weights = weights.sum({2, 3}, /*keepdim=*/true);
  } else {
    weights = gradient.mean({2, 3}, /*keepdim=*/true);
  }
  return at::relu((weights * map).sum({1}));
}

}  // namespace unmask
