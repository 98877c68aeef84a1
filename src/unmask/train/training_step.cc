#include "unmask/train/training_step.h"

#include <ATen/ATen.h>
#include <ATen/autocast_mode.h>

#include <cmath>
#include <string>
#include <utility>

#include "unmask/base/error.h"
#include "unmask/base/random.h"
#include "unmask/nn/images.h"

namespace unmask {
namespace {

// Convolutions and matrix products compute in bf16 while it lives.
class Autocast {
 public:
  explicit Autocast(bool enabled) : enabled_(enabled) {
    if (!enabled_) return;
    at::autocast::set_autocast_cpu_dtype(at::kBFloat16);
    at::autocast::set_cpu_enabled(true);
  }
  ~Autocast() {
    if (!enabled_) return;
    at::autocast::set_cpu_enabled(false);
    at::autocast::clear_cache();
  }
  Autocast(const Autocast&) = delete;
  Autocast& operator=(const Autocast&) = delete;

 private:
  const bool enabled_;
};

void CheckFinite(const char* what, double value, int64_t step) {
  if (std::isfinite(value)) return;
  throw Error("the " + std::string(what) + " is not finite at step " + std::to_string(step + 1),
              "Lower --learning-rate, or try --precision fp32");
}

}  // namespace

struct TrainingStep::Tensors {
  at::Tensor images, labels;
  at::Tensor embedding;  // of the last pass, without its history
};

TrainingStep::TrainingStep(TrainedClassifier& classifier, Optimizer& optimizer,
                           const TrainOptions& options)
    : classifier_(classifier),
      optimizer_(optimizer),
      options_(options),
      bfloat16_(UsesBfloat16(options)) {}

StepResult TrainingStep::Backward(Tensors& batch, int64_t step) {
  {
    const Autocast autocast(bfloat16_);
    batch.embedding =
        classifier_.network().Forward(batch.images, /*training=*/true).at("embedding");
  }
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
    optimizer_.AverageGradients(static_cast<int64_t>(batches.size()));
    return sum;
  };
  for (int64_t i = 0; i < options_.accumulate; ++i) {
    const Batch batch = next_batch();
    batches.push_back({ToTensor(batch.images, backbone.mean, backbone.deviation),
                       at::tensor(batch.labels).to(at::kLong),
                       {}});
  }
  result = passes();
  if (options_.sharpness_radius > 0) {
    // The second pass, at the worst point nearby, must not count twice in the running statistics.
    NamedTensors statistics;
    for (const auto& [name, tensor] : classifier_.network().buffers()) {
      statistics[name] = tensor.clone();
    }
    optimizer_.Ascend(options_.sharpness_radius);
    passes();
    optimizer_.Return();
    for (auto& [name, tensor] : classifier_.network().buffers()) tensor.copy_(statistics.at(name));
  }
  CheckFinite("gradient", optimizer_.ClipGradients(options_.gradient_clip), step);
  optimizer_.Step(learning_rate);
  for (const Tensors& batch : batches) classifier_.loss().Update(batch.embedding, batch.labels);
  return result;
}

}  // namespace unmask
