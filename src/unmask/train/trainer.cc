#include "unmask/train/trainer.h"

#include <ATen/ATen.h>
#include <ATen/Parallel.h>
#include <ATen/autocast_mode.h>

#include <chrono>
#include <cmath>
#include <nlohmann/json.hpp>
#include <thread>
#include <utility>

#include "unmask/backbones/registry.h"
#include "unmask/base/config.h"
#include "unmask/base/error.h"
#include "unmask/base/log.h"
#include "unmask/infer/session.h"
#include "unmask/losses/registry.h"
#include "unmask/model/model_file.h"
#include "unmask/nn/images.h"
#include "unmask/train/batch_loader.h"
#include "unmask/train/checkpoint.h"
#include "unmask/train/metrics_log.h"
#include "unmask/train/schedule.h"

namespace unmask {
namespace {

namespace fs = std::filesystem;

constexpr int64_t kReportEvery = 50;  // steps
// Validation faces are degraded half as much as training faces: they stand for what users bring.
constexpr double kValidationAugmentation = 0.5;

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

Weights InitialWeights(const TrainOptions& options, const Backbone& backbone, const Graph& trunk) {
  if (options.initial_weights.empty()) return {};
  Weights weights = ReadSafetensors(options.initial_weights);
  try {
    CheckWeightsFit(trunk, weights, {std::string(backbone.classifier_name)});
  } catch (const Error& e) {
    throw Error(options.initial_weights.string() + ": does not fit the backbone " +
                    std::string(backbone.name) + " (" + e.problem() + ")",
                "Choose the backbone the weights were made for, or other weights");
  }
  return weights;
}

class Trainer {
 public:
  explicit Trainer(const TrainOptions& options)
      : options_(options),
        backbone_(FindBackbone(options.backbone)),
        input_size_(InputSize(options)),
        stores_(OpenStores(options.stores)),
        training_(stores_, SourceOptions(options, "train", options.augmentation)),
        held_out_(stores_,
                  SourceOptions(options, "val", options.augmentation * kValidationAugmentation)),
        random_(DeriveSeed(options.seed, "weights")),
        network_(MakeNetwork()),
        loss_(FindLoss(options.loss).maker.make(Shape(), LossOptionsOf(options), random_)),
        optimizer_(Trainable(), options.weight_decay),
        bfloat16_(options.bfloat16 && CpuHasBfloat16()) {}

  TrainResult Run(const CancelToken* cancel,
                  const std::function<void(const TrainProgress&)>& progress) {
    const fs::path checkpoint = options_.output / "checkpoint.pt";
    const Json recipe = RecipeOf(options_);
    const TrainState state{network_, *loss_, optimizer_};
    int64_t step = options_.resume ? LoadCheckpoint(checkpoint, state, recipe) : 0;
    WriteOptions(recipe);
    MetricsLog log(options_.output / "metrics.jsonl", step);
    Validation validation;
    {
      BatchLoader loader(training_, options_.pairs, step, Workers());
      Meter meter;
      while (step < options_.steps) {
        if (cancel != nullptr && cancel->cancelled()) {
          SaveCheckpoint(checkpoint, state, step, recipe);
          throw Cancelled();
        }
        meter.Add(Step(step, loader.Next()), 2 * options_.pairs);
        ++step;
        if (progress) progress(meter.Report(step, options_.steps));
        if (step % kReportEvery == 0 || step == options_.steps) {
          log.Add(step, meter.ToJson(LearningRate(step - 1)));
          meter = Meter();
        }
        const bool last = step == options_.steps;
        if (step % options_.checkpoint_every == 0 || last) {
          SaveCheckpoint(checkpoint, state, step, recipe);
        }
        if (step % options_.validate_every == 0 && !last)
          log.Add(step, {{"validation", ToJson(Measure(cancel))}});
      }
    }
    validation = Measure(cancel);
    log.Add(step, {{"validation", ToJson(validation)}});
    const fs::path model = options_.output / "model.onnx";
    Export(model, validation);
    return {step, std::move(validation), model};
  }

 private:
  struct StepResult {
    double loss, accuracy;
  };

  // Means over some steps.
  class Meter {
   public:
    void Add(const StepResult& result, int64_t images) {
      ++steps_;
      loss_ += result.loss;
      accuracy_ += result.accuracy;
      images_ += images;
    }
    TrainProgress Report(int64_t step, int64_t steps) const {
      return {step, steps, loss_ / steps_, accuracy_ / steps_, Rate()};
    }
    Json ToJson(double learning_rate) const {
      return {{"loss", loss_ / steps_},
              {"accuracy", accuracy_ / steps_},
              {"learning_rate", learning_rate},
              {"images_per_second", Rate()}};
    }

   private:
    double Rate() const {
      const std::chrono::duration<double> passed = std::chrono::steady_clock::now() - start_;
      return static_cast<double>(images_) / std::max(1e-9, passed.count());
    }
    double steps_ = 0, loss_ = 0, accuracy_ = 0;
    int64_t images_ = 0;
    std::chrono::steady_clock::time_point start_ = std::chrono::steady_clock::now();
  };

  Network MakeNetwork() {
    Graph trunk = backbone_.build(input_size_, options_.dropout, options_.drop_path);
    const Weights weights = InitialWeights(options_, backbone_, trunk);
    if (options_.embedding_size > 0) trunk = WithEmbeddingLayer(std::move(trunk));
    return Network(std::move(trunk), weights, random_);
  }

  Graph WithEmbeddingLayer(Graph trunk) const {
    const int pooled = trunk.outputs.at("embedding");
    GraphBuilder builder(std::move(trunk));
    const int embedding =
        builder.AddNode(Linear{.out_features = options_.embedding_size}, {pooled}, "embedding");
    builder.SetOutput("embedding", embedding);
    return std::move(builder).Build();
  }

  LossShape Shape() const {
    return {.embedding = network_.graph().output("embedding").shape[0],
            .classes = 2,
            .name = std::string(backbone_.classifier_name),
            .class_weights = options_.class_weights};
  }

  std::vector<at::Tensor> Trainable() {
    std::vector<at::Tensor> tensors;
    for (const auto& [name, tensor] : network_.parameters()) tensors.push_back(tensor);
    for (const auto& [name, tensor] : loss_->parameters()) tensors.push_back(tensor);
    return tensors;
  }

  int Workers() const {
    return options_.workers > 0 ? options_.workers
                                : static_cast<int>(std::thread::hardware_concurrency());
  }

  double LearningRate(int64_t step) const {
    return LearningRateAt(step, options_.steps, options_.learning_rate, options_.warm_up);
  }

  StepResult Step(int64_t step, const std::vector<Image>& batch) {
    at::manual_seed(DeriveSeed(options_.seed, "step", static_cast<uint64_t>(step)));
    const at::Tensor images = ToTensor(batch, backbone_.mean, backbone_.deviation);
    const at::Tensor labels = at::arange(images.size(0), at::kLong).remainder(2);
    at::Tensor embedding;
    {
      const Autocast autocast(bfloat16_);
      embedding = network_.Forward(images, /*training=*/true).at("embedding");
    }
    const at::Tensor loss = loss_->Compute(embedding, labels);
    const double value = loss.item<double>();
    if (!std::isfinite(value)) {
      throw Error("the loss is not finite at step " + std::to_string(step + 1),
                  "Lower --learning-rate, or try --precision fp32");
    }
    optimizer_.ZeroGradients();
    loss.backward();
    optimizer_.ClipGradients(options_.gradient_clip);
    optimizer_.Step(LearningRate(step));
    loss_->Update(embedding, labels);
    const at::NoGradGuard no_grad;
    const at::Tensor right = loss_->Logits(embedding).argmax(1).eq(labels);
    return {value, right.to(at::kDouble).mean().item<double>()};
  }

  Validation Measure(const CancelToken* cancel) {
    const int64_t pairs = std::min(options_.validation_faces, held_out_.real_faces());
    return Validate(network_, *loss_, held_out_, pairs, backbone_.mean, backbone_.deviation,
                    options_.false_alarm_rate, cancel);
  }

  void WriteOptions(const Json& recipe) const {
    Json json = {{"recipe", recipe}, {"stores", Json::array()}};
    for (const fs::path& store : options_.stores) json["stores"].push_back(store.string());
    json["training_faces"] = training_.real_faces() + training_.fake_faces();
    json["validation_faces"] = held_out_.real_faces() + held_out_.fake_faces();
    WriteJson(options_.output / "options.json", json);
  }

  void Export(const fs::path& path, const Validation& validation) {
    GraphBuilder builder(network_.graph());
    const int embedding = network_.graph().outputs.at("embedding");
    builder.SetOutput("logits", loss_->AddHead(builder, embedding));
    Weights weights = network_.ToWeights();
    for (const auto& [name, tensor] : loss_->parameters()) weights[name] = ToWeight(tensor);
    ModelMetadata metadata;
    metadata.name = options_.name;
    metadata.backbone = options_.backbone;
    metadata.loss = options_.loss;
    metadata.loss_options = LossOptionsOf(options_).dump();
    metadata.input_width = metadata.input_height = static_cast<int>(input_size_);
    metadata.mean = backbone_.mean;
    metadata.deviation = backbone_.deviation;
    metadata.crop_scale = options_.crop_scale;
    metadata.temperature = validation.temperature;
    metadata.threshold = validation.threshold;
    metadata.training_data = options_.training_data;
    metadata.recipe = RecipeOf(options_).dump();
    metadata.licence = options_.licence;
    metadata.program_version = kVersion;
    WriteModel(path, std::move(builder).Build(), weights, metadata);
  }

  const TrainOptions& options_;
  const Backbone& backbone_;
  const int64_t input_size_;
  const std::vector<std::shared_ptr<const CropStore>> stores_;
  const PairSource training_;
  const PairSource held_out_;
  Random random_;
  Network network_;
  const std::unique_ptr<Loss> loss_;
  Optimizer optimizer_;
  const bool bfloat16_;
};

}  // namespace

TrainResult Train(const TrainOptions& options, const CancelToken* cancel,
                  const std::function<void(const TrainProgress&)>& progress) {
  options.Validate();
  at::set_num_threads(options.threads > 0 ? options.threads
                                          : static_cast<int>(std::thread::hardware_concurrency()));
  std::error_code error;
  const bool used = fs::exists(options.output / "checkpoint.pt", error);
  if (used && !options.resume) {
    throw Error(options.output.string() + ": holds a run already",
                "Continue it with --resume, or choose another folder");
  }
  fs::create_directories(options.output, error);
  if (error) throw Error(options.output.string() + ": cannot be made (" + error.message() + ")");
  try {
    Trainer trainer(options);
    return trainer.Run(cancel, progress);
  } catch (const c10::Error& e) {
    throw Error(std::string("LibTorch: ") + e.what_without_backtrace());
  }
}

}  // namespace unmask
