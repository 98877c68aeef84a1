// Processes that share a batch move as one that has it all.

#include <ATen/ATen.h>
#include <ATen/Parallel.h>
#include <gmock/gmock.h>

#include <optional>

#include "unmask/losses/registry.h"
#include "unmask/train/test_processes.h"
#include "unmask/train/training_step.h"
#include "unmask/train/weight_average.h"

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

// For speed: depthwise convolutions are slow in double. The last test also trains all layers.
const std::vector<std::string> kAllButTheEnd = {"conv_stem", "bn1", "blocks"};

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
  std::optional<WeightAverage> average;
  if (options.average_decay > 0) average.emplace(classifier.Tensors(), options.average_decay);
  int64_t number = 0;
  State state;
  for (int64_t i = 0; i < steps; ++i) {
    state.last = step.Run(i, options.learning_rate, [&] {
      return Pairs(number++, joint.rank() * share, (joint.rank() + 1) * share);
    });
    if (!average) continue;
    average->Update();
    // Process 0 validates with the averages.
    const WithAverages averaged(joint.rank() == 0 ? &*average : nullptr);
  }
  state.tensors = classifier.Tensors();
  if (average) {
    for (const auto& [name, tensor] : average->averages()) {
      state.tensors["average " + name] = tensor;
    }
  }
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
    options.freeze = kAllButTheEnd;
    ExpectTheSame(options, 2, 2, std::string(loss.name));
  }
}

TEST(JointStepTest, SoDoMoreProcessesAndOtherRecipes) {
  TrainOptions averaged = Options();
  averaged.average_decay = 0.5;
  ExpectTheSame(averaged, 4, 2, "four processes, averages");
  const auto with = [](const std::string& what, auto change) {
    TrainOptions options = Options();
    change(options);
    ExpectTheSame(options, 2, 1, what);
  };
  const auto with_end = [&](const std::string& what, auto change) {
    with(what, [&](auto& o) {
      o.freeze = kAllButTheEnd;
      change(o);
    });
  };
  with_end("accumulate", [](auto& o) { o.accumulate = 2; });
  with_end("sam", [](auto& o) { o.sharpness_radius = 0.05; });
  with_end("clip", [](auto& o) { o.gradient_clip = 0.1; });
  with_end("class weights", [](auto& o) { o.class_weights = {1, 3}; });
  with("squeeze and excitation", [](auto& o) { o.backbone = "mobilenet_v3_large"; });
}

}  // namespace
}  // namespace unmask
