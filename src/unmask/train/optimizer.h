#pragma once

#include <ATen/core/Tensor.h>

#include <memory>
#include <vector>

namespace torch::serialize {
class InputArchive;
class OutputArchive;
}  // namespace torch::serialize

namespace unmask {

// AdamW (Loshchilov and Hutter, ICLR 2019), β = (0.9, 0.999). Decay pulls at filters and matrices
// only; at biases and norms it would do harm.
class Optimizer {
 public:
  // The tensors are shared with the network, which sees every step.
  Optimizer(const std::vector<at::Tensor>& parameters, double weight_decay);
  ~Optimizer();

  void ZeroGradients();

  // Scales all gradients down so that their common norm is at most `largest` (0: no limit). Returns
  // the norm before.
  double ClipGradients(double largest);

  void Step(double learning_rate);

  void Save(torch::serialize::OutputArchive& archive) const;
  void Load(torch::serialize::InputArchive& archive);

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace unmask
