#include "unmask/train/optimizer.h"

#include <ATen/ATen.h>
#include <torch/optim/adamw.h>
#include <torch/serialize.h>

#include <utility>

namespace unmask {
namespace {

std::vector<torch::optim::OptimizerParamGroup> Groups(const std::vector<at::Tensor>& parameters,
                                                      double weight_decay) {
  std::vector<at::Tensor> decayed, plain;
  for (const at::Tensor& tensor : parameters)
    (tensor.dim() > 1 ? decayed : plain).push_back(tensor);
  std::vector<torch::optim::OptimizerParamGroup> groups;
  for (auto& [tensors, decay] : {std::pair{decayed, weight_decay}, std::pair{plain, 0.0}}) {
    if (tensors.empty()) continue;
    groups.emplace_back(tensors, std::make_unique<torch::optim::AdamWOptions>(
                                     torch::optim::AdamWOptions().weight_decay(decay)));
  }
  return groups;
}

}  // namespace

struct Optimizer::Impl {
  std::vector<at::Tensor> parameters;
  torch::optim::AdamW adam;
};

Optimizer::Optimizer(const std::vector<at::Tensor>& parameters, double weight_decay)
    : impl_(new Impl{parameters, torch::optim::AdamW(Groups(parameters, weight_decay))}) {}
Optimizer::~Optimizer() = default;

void Optimizer::ZeroGradients() { impl_->adam.zero_grad(); }

double Optimizer::ClipGradients(double largest) {
  const at::NoGradGuard no_grad;
  std::vector<at::Tensor> norms;
  for (const at::Tensor& tensor : impl_->parameters) {
    if (tensor.grad().defined()) norms.push_back(tensor.grad().norm());
  }
  if (norms.empty()) return 0;
  const double norm = at::stack(norms).norm().item<double>();
  if (largest > 0 && norm > largest) {
    for (const at::Tensor& tensor : impl_->parameters) {
      if (tensor.grad().defined()) tensor.grad().mul_(largest / norm);
    }
  }
  return norm;
}

void Optimizer::Step(double learning_rate) {
  for (torch::optim::OptimizerParamGroup& group : impl_->adam.param_groups()) {
    static_cast<torch::optim::AdamWOptions&>(group.options()).lr(learning_rate);
  }
  impl_->adam.step();
}

void Optimizer::Save(torch::serialize::OutputArchive& archive) const { impl_->adam.save(archive); }

void Optimizer::Load(torch::serialize::InputArchive& archive) { impl_->adam.load(archive); }

}  // namespace unmask
