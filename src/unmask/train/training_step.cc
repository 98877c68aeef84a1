#include "unmask/train/training_step.h"

#include <ATen/ATen.h>
#include <ATen/core/grad_mode.h>

#include <cmath>
#include <string>
#include <utility>

#include "unmask/base/error.h"
#include "unmask/base/random.h"
#include "unmask/nn/images.h"
#include "unmask/train/device.h"

namespace unmask {
namespace {

void CheckFinite(const char* what, double value, int64_t step) {
  if (std::isfinite(value)) return;
  throw Error("the " + std::string(what) + " is not finite at step " + std::to_string(step + 1),
              "Lower --learning-rate, or try --precision fp32");
}

}  // namespace

struct TrainingStep::Tensors {
  at::Tensor images;     // of this process
  at::Tensor labels;     // of all
  at::Tensor embedding;  // of all, of the last pass, without its history
};

TrainingStep::TrainingStep(TrainedClassifier& classifier, Optimizer& optimizer,
                           const TrainOptions& options, JointBatch& joint)
    : classifier_(classifier),
      optimizer_(optimizer),
      options_(options),
      joint_(joint),
      bfloat16_(UsesBfloat16(options)) {
  classifier_.network().Share(joint_);
}

// The embeddings of all processes, of which those of this one have a gradient.
at::Tensor TrainingStep::WithOthers(const at::Tensor& own) {
  if (joint_.size() == 1) return own;
  // Gloo knows no bf16; float32 holds it exactly.
  const at::Tensor rows = own.scalar_type() == at::kBFloat16 ? own.to(at::kFloat) : own;
  const at::Tensor all = joint_.Gather(rows);
  const int64_t begin = joint_.rank() * rows.size(0), end = begin + rows.size(0);
  return at::cat({all.slice(0, 0, begin), rows, all.slice(0, end)});
}

void TrainingStep::SumGradients() {
  if (joint_.size() == 1) return;
  const at::NoGradGuard no_grad;
  std::vector<at::Tensor> gradients;
  for (const auto& [name, tensor] : classifier_.network().parameters()) {
    if (tensor.grad().defined()) gradients.push_back(tensor.grad());
  }
  // Every process has computed the whole gradient of the head.
  for (const auto& [name, tensor] : classifier_.loss().parameters()) {
    if (tensor.grad().defined()) gradients.push_back(tensor.grad().div_(joint_.size()));
  }
  joint_.Sum(gradients);
}

StepResult TrainingStep::Backward(Tensors& batch, int64_t step) {
  at::Tensor own;
  {
    const Bfloat16Passes passes(classifier_.device(), bfloat16_);
    Network& network = classifier_.network();
    own = network.Forward(batch.images, /*training=*/true).at(HeadInput(network.graph()));
  }
  batch.embedding = WithOthers(own);
  const at::Tensor loss = classifier_.loss().Compute(batch.embedding, batch.labels);
  const double value = loss.item<double>();
  CheckFinite("loss", value, step);
  loss.backward();
  batch.embedding = batch.embedding.detach();
  const at::NoGradGuard no_grad;
  const at::Tensor right = classifier_.loss().Logits(batch.embedding).argmax(1).eq(batch.labels);
  return {value, right.to(at::kDouble).mean().item<double>()};
}

StepResult TrainingStep::Run(int64_t step, double learning_rate,
                             const std::function<Batch()>& next_batch) {
  const uint64_t seed = DeriveSeed(options_.seed, "step", static_cast<uint64_t>(step));
  const Backbone& backbone = classifier_.backbone();
  const at::Tensor& parameter = classifier_.network().parameters().begin()->second;
  std::vector<Tensors> batches;
  StepResult result;
  const auto passes = [&] {
    at::manual_seed(seed);
    optimizer_.ZeroGradients();
    StepResult sum;
    for (Tensors& batch : batches) {
      const StepResult one = Backward(batch, step);
      sum.loss += one.loss / static_cast<double>(batches.size());
      sum.accuracy += one.accuracy / static_cast<double>(batches.size());
    }
    SumGradients();
    optimizer_.AverageGradients(static_cast<int64_t>(batches.size()));
    return sum;
  };
  for (int64_t i = 0; i < options_.accumulate; ++i) {
    const Batch batch = next_batch();
    const at::Tensor labels = joint_.Gather(at::tensor(batch.labels).to(at::kLong));
    batches.push_back(
        {ToTensor(batch.images, backbone.mean, backbone.deviation).to(parameter.options()),
         labels.to(classifier_.device()),
         {}});
  }
  result = passes();
  if (options_.sharpness_radius > 0) {
    // The second pass, at the worst point nearby, is for its gradient alone: neither the running
    // statistics nor the loss's state follow it.
    NamedTensors statistics;
    for (const auto& [name, tensor] : classifier_.network().buffers()) {
      statistics[name] = tensor.clone();
    }
    const std::vector<Tensors> first = batches;
    optimizer_.Ascend(options_.sharpness_radius);
    passes();
    optimizer_.Return();
    batches = first;
    for (auto& [name, tensor] : classifier_.network().buffers()) tensor.copy_(statistics.at(name));
  }
  CheckFinite("gradient", optimizer_.ClipGradients(options_.gradient_clip), step);
  optimizer_.Step(learning_rate);
  for (const Tensors& batch : batches) classifier_.loss().Update(batch.embedding, batch.labels);
  return result;
}

}  // namespace unmask
