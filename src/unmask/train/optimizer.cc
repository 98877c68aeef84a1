#include "unmask/train/optimizer.h"

#include <ATen/ATen.h>
#include <ATen/core/grad_mode.h>
#include <torch/optim/adam.h>
#include <torch/optim/adamw.h>
#include <torch/optim/sgd.h>
#include <torch/serialize.h>

#include <map>
#include <string>
#include <utility>

#include "unmask/base/text.h"

namespace unmask {
namespace {

using torch::optim::OptimizerParamGroup;
using Groups = std::vector<OptimizerParamGroup>;
using TorchOptimizer = std::unique_ptr<torch::optim::Optimizer>;

// Gives each group the options of the optimiser, with its own weight decay.
template <typename Options>
Groups WithOptions(const Groups& groups, const Options& options,
                   const std::vector<double>& decays) {
  Groups result;
  for (size_t i = 0; i < groups.size(); ++i) {
    auto own = std::make_unique<Options>(options);
    own->weight_decay(decays[i]);
    result.emplace_back(groups[i].params(), std::move(own));
  }
  return result;
}

TorchOptimizer MakeAdamW(const Groups& groups, const OptimizerOptions&,
                         const std::vector<double>& decays) {
  const torch::optim::AdamWOptions options;
  return std::make_unique<torch::optim::AdamW>(WithOptions(groups, options, decays));
}
TorchOptimizer MakeAdam(const Groups& groups, const OptimizerOptions&,
                        const std::vector<double>& decays) {
  const torch::optim::AdamOptions options;
  return std::make_unique<torch::optim::Adam>(WithOptions(groups, options, decays));
}
TorchOptimizer MakeSgd(const Groups& groups, const OptimizerOptions& o,
                       const std::vector<double>& decays) {
  const auto options = torch::optim::SGDOptions(1).momentum(o.momentum).nesterov(o.momentum > 0);
  return std::make_unique<torch::optim::SGD>(WithOptions(groups, options, decays), options);
}

struct Row {
  OptimizerKind kind;
  TorchOptimizer (*make)(const Groups&, const OptimizerOptions&, const std::vector<double>&);
};
constexpr Row kOptimizers[] = {
    {{"adamw", "Adam with decoupled weight decay (Loshchilov and Hutter 2019)"}, MakeAdamW},
    {{"adam", "Adam, weight decay as part of the gradient (Kingma and Ba 2015)"}, MakeAdam},
    {{"sgd", "gradient descent with Nesterov's momentum"}, MakeSgd},
};

}  // namespace

std::span<const OptimizerKind> Optimizers() {
  static const std::vector<OptimizerKind> kinds = [] {
    std::vector<OptimizerKind> list;
    for (const Row& row : kOptimizers) list.push_back(row.kind);
    return list;
  }();
  return kinds;
}

struct Optimizer::Impl {
  std::vector<TrainedTensor> tensors;
  std::vector<double> rates;  // one a group
  TorchOptimizer optimizer;
  std::vector<at::Tensor> before;  // Ascend(): the values
};

Optimizer::Optimizer(const std::vector<TrainedTensor>& tensors, const OptimizerOptions& options)
    : impl_(std::make_unique<Impl>()) {
  impl_->tensors = tensors;
  std::map<std::pair<double, bool>, std::vector<at::Tensor>> grouped;  // by rate and decay
  for (const TrainedTensor& t : tensors) grouped[{t.rate, t.tensor.dim() > 1}].push_back(t.tensor);
  Groups groups;
  std::vector<double> decays;
  for (const auto& [key, members] : grouped) {
    groups.emplace_back(members);
    impl_->rates.push_back(key.first);
    decays.push_back(key.second ? options.weight_decay : 0);
  }
  std::vector<std::string> known;
  for (const Row& row : kOptimizers) {
    known.emplace_back(row.kind.name);
    if (row.kind.name == options.name) impl_->optimizer = row.make(groups, options, decays);
  }
  if (!impl_->optimizer) ThrowUnknownName("optimiser", options.name, known);
}
Optimizer::~Optimizer() = default;

void Optimizer::ZeroGradients() { impl_->optimizer->zero_grad(); }

void Optimizer::AverageGradients(int64_t count) {
  if (count == 1) return;
  for (const TrainedTensor& t : impl_->tensors) {
    if (t.tensor.grad().defined()) t.tensor.grad().div_(static_cast<double>(count));
  }
}

double Optimizer::ClipGradients(double largest) {
  const at::NoGradGuard no_grad;
  std::vector<at::Tensor> norms;
  for (const TrainedTensor& t : impl_->tensors) {
    if (t.tensor.grad().defined()) norms.push_back(t.tensor.grad().norm());
  }
  if (norms.empty()) return 0;
  const double norm = at::stack(norms).norm().item<double>();
  if (largest > 0 && norm > largest) {
    for (const TrainedTensor& t : impl_->tensors) {
      if (t.tensor.grad().defined()) t.tensor.grad().mul_(largest / norm);
    }
  }
  return norm;
}

void Optimizer::Step(double learning_rate) {
  Groups& groups = impl_->optimizer->param_groups();
  for (size_t i = 0; i < groups.size(); ++i) {
    groups[i].options().set_lr(learning_rate * impl_->rates[i]);
  }
  impl_->optimizer->step();
}

void Optimizer::Ascend(double radius) {
  const at::NoGradGuard no_grad;
  const double norm = ClipGradients(0);
  impl_->before.clear();
  for (const TrainedTensor& t : impl_->tensors) {
    impl_->before.push_back(t.tensor.clone());
    const at::Tensor& gradient = t.tensor.grad();
    if (gradient.defined()) at::Tensor(t.tensor).add_(gradient, radius / (norm + 1e-12));
  }
}

void Optimizer::Return() {
  const at::NoGradGuard no_grad;
  // Moving back by the same amount would leave a rounding error in every step.
  for (size_t i = 0; i < impl_->before.size(); ++i) {
    at::Tensor(impl_->tensors[i].tensor).copy_(impl_->before[i]);
  }
  impl_->before.clear();
}

void Optimizer::Save(torch::serialize::OutputArchive& archive) const {
  impl_->optimizer->save(archive);
}

void Optimizer::Load(torch::serialize::InputArchive& archive) { impl_->optimizer->load(archive); }

}  // namespace unmask
