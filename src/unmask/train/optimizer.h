#pragma once

#include <ATen/core/Tensor.h>

#include <memory>
#include <span>
#include <string_view>
#include <vector>

namespace torch::serialize {
class InputArchive;
class OutputArchive;
}  // namespace torch::serialize

namespace unmask {

// A row of the table of optimisers.
struct OptimizerKind {
  std::string_view name;
  std::string_view summary;
};
std::span<const OptimizerKind> Optimizers();

// A tensor to train and its share of the learning rate (layers near the input may move less).
struct TrainedTensor {
  at::Tensor tensor;
  double rate = 1;
};

struct OptimizerOptions {
  std::string_view name = "adamw";
  double weight_decay = 0;  // pulls at filters and matrices only; biases and norms stay free
  double momentum = 0.9;    // of sgd
};

// LibTorch's optimisers, with gradient clipping. The tensors are shared with the network, which
// sees every step.
class Optimizer {
 public:
  // Throws UsageError for an unknown name, suggesting the nearest.
  Optimizer(const std::vector<TrainedTensor>& tensors, const OptimizerOptions& options);
  ~Optimizer();

  void ZeroGradients();

  // Divides all gradients by `count`, the batches they were summed over.
  void AverageGradients(int64_t count);

  // Scales all gradients down so that their common norm is at most `largest` (0: no limit). Returns
  // the norm before.
  double ClipGradients(double largest);

  void Step(double learning_rate);

  // Sharpness-aware minimisation (Foret et al., ICLR 2021): moves the tensors by `radius` along
  // their gradient, to the worst point nearby; Return() gives them back their values, bit for bit.
  // The gradient of the next backward pass is then that of the worst point.
  void Ascend(double radius);
  void Return();

  void Save(torch::serialize::OutputArchive& archive) const;
  void Load(torch::serialize::InputArchive& archive);

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace unmask
