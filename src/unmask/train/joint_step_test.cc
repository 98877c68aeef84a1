// Processes that share a batch move as one that has it all.

#include <ATen/ATen.h>
#include <ATen/Parallel.h>
#include <gmock/gmock.h>

#include "unmask/losses/registry.h"
#include "unmask/train/test_processes.h"
#include "unmask/train/training_step.h"

namespace unmask {
namespace {

TrainOptions Options() {
  TrainOptions options;
  options.pairs = 4;
  options.input_size = 32;
  options.embedding_size = 8;
  options.optimizer = "sgd";
  options.learning_rate = 0.01;
  options.bfloat16 = false;
  options.dropout = 0;  // the threads of a test share one source of random numbers
  return options;
}

// The pairs begin … end − 1 of batch `number`.
Batch Pairs(int64_t number, int64_t begin, int64_t end) {
  Batch batch;
  for (int64_t i = 2 * begin; i < 2 * end; ++i) {
    Random random(DeriveSeed(1, "image", static_cast<uint64_t>(1000 * number + i)));
    Image image(32, 32, 3);
    for (uint8_t& value : image.data) value = static_cast<uint8_t>(UniformInt(random, 256));
    batch.images.push_back(std::move(image));
    batch.labels.push_back(static_cast<int>(i % 2));
  }
  return batch;
}

struct State {
  NamedTensors tensors;  // network, head, state of the loss, gradients of the last step
  StepResult last;
};

// Rounding of float32 grows from layer to layer and from step to step; double leaves no excuse.
void UseDouble(NamedTensors& tensors) {
  for (auto& [name, tensor] : tensors) {
    if (!tensor.is_floating_point()) continue;
    tensor = tensor.detach().to(at::kDouble).set_requires_grad(tensor.requires_grad());
  }
}

// The state after some steps of this process's share.
State Train(const TrainOptions& options, JointBatch& joint, int64_t steps) {
  at::set_num_threads(1);
  TrainedClassifier classifier(options);
  UseDouble(classifier.network().parameters());
  UseDouble(classifier.network().buffers());
  UseDouble(classifier.loss().parameters());
  UseDouble(classifier.loss().state());
  Optimizer optimizer(classifier.Trainable(), {.name = options.optimizer,
                                               .weight_decay = options.weight_decay,
                                               .momentum = options.momentum});
  TrainingStep step(classifier, optimizer, options, joint);
  const int64_t share = options.pairs / joint.size();
  int64_t number = 0;
  State state;
  for (int64_t i = 0; i < steps; ++i) {
    state.last = step.Run(i, options.learning_rate, [&] {
      return Pairs(number++, joint.rank() * share, (joint.rank() + 1) * share);
    });
  }
  state.tensors = classifier.Tensors();
  for (const auto& [name, tensor] : classifier.loss().state())
    state.tensors["state " + name] = tensor;
  for (const TrainedTensor& t : classifier.Trainable()) {
    if (t.tensor.grad().defined()) {
      state.tensors["gradient " + std::to_string(state.tensors.size())] = t.tensor.grad();
    }
  }
  return state;
}

void ExpectTheSame(const TrainOptions& options, int processes, int64_t steps,
                   const std::string& what) {
  ProcessGroup alone;
  const State whole = Train(options, alone, steps);
  std::vector<State> shares(static_cast<size_t>(processes));
  RunTogether(processes, [&](ProcessGroup& group) {
    shares[static_cast<size_t>(group.rank())] = Train(options, group, steps);
  });
  for (const State& share : shares) {
    EXPECT_NEAR(share.last.loss, whole.last.loss, 1e-8) << what;
    EXPECT_DOUBLE_EQ(share.last.accuracy, whole.last.accuracy) << what;
    for (const auto& [name, tensor] : whole.tensors) {
      EXPECT_TRUE(share.tensors.at(name).allclose(tensor, 1e-6, 1e-9)) << what << ": " << name;
      // No process ever drifts away from the others.
      EXPECT_TRUE(share.tensors.at(name).equal(shares[0].tensors.at(name))) << what << ": " << name;
    }
  }
}

TEST(JointStepTest, EveryLossHasTheGradientsOfTheJoinedBatch) {
  for (const LossKind& loss : Losses()) {
    TrainOptions options = Options();
    options.loss = loss.name;
    // For speed; the next test trains and normalises all layers.
    options.freeze = {"conv_stem", "bn1",      "blocks.0", "blocks.1",
                      "blocks.2",  "blocks.3", "blocks.4"};
    ExpectTheSame(options, 2, 2, std::string(loss.name));
  }
}

TEST(JointStepTest, SoDoMoreProcessesAndOtherRecipes) {
  ExpectTheSame(Options(), 4, 2, "four processes");
  const auto with = [](const std::string& what, auto change) {
    TrainOptions options = Options();
    change(options);
    ExpectTheSame(options, 2, 1, what);
  };
  with("accumulate", [](auto& o) { o.accumulate = 2; });
  with("sam", [](auto& o) { o.sharpness_radius = 0.05; });
  with("clip", [](auto& o) { o.gradient_clip = 0.1; });
  with("class weights", [](auto& o) { o.class_weights = {1, 3}; });
  with("frozen", [](auto& o) { o.freeze = {"conv_stem", "bn1", "blocks.0"}; });
  with("squeeze and excitation", [](auto& o) { o.backbone = "mobilenet_v3_large"; });
}

}  // namespace
}  // namespace unmask
