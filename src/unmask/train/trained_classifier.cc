#include "unmask/train/trained_classifier.h"

#include <ATen/ATen.h>
#include <ATen/core/grad_mode.h>

#include <cmath>
#include <nlohmann/json.hpp>
#include <string>
#include <utility>

#include "unmask/base/config.h"
#include "unmask/base/error.h"
#include "unmask/base/random.h"
#include "unmask/losses/registry.h"
#include "unmask/model/model_file.h"
#include "unmask/nn/fit_norms.h"
#include "unmask/nn/images.h"

namespace unmask {
namespace {

Graph WithEmbeddingLayer(Graph trunk, int64_t size) {
  const int pooled = trunk.outputs.at("embedding");
  GraphBuilder builder(std::move(trunk));
  builder.SetOutput("embedding",
                    builder.AddNode(Linear{.out_features = size}, {pooled}, "embedding"));
  return std::move(builder).Build();
}

// Where each parameter of the graph stands, from 0 at the input to 1 at the output.
std::map<std::string, double> Depths(const Graph& graph) {
  std::map<std::string, double> depths;
  for (const Parameter& parameter : graph.Parameters()) {
    depths[parameter.name] =
        static_cast<double>(parameter.node) / static_cast<double>(graph.nodes.size());
  }
  return depths;
}

}  // namespace

TrainedClassifier::TrainedClassifier(const TrainOptions& options, at::Device device)
    : options_(options),
      device_(device),
      backbone_(FindBackbone(options.backbone)),
      random_(DeriveSeed(options.seed, "weights")),
      network_(MakeNetwork()) {
  const LossShape shape{.embedding = network_.graph().output(HeadInput(network_.graph())).shape[0],
                        .classes = 2,
                        .name = std::string(backbone_.classifier_name),
                        .class_weights = options.class_weights};
  loss_ = FindLoss(options.loss).maker.make(shape, LossOptionsOf(options), random_);
  for (const auto& [name, weight] : first_.head) {
    const auto found = loss_->parameters().find(name);
    if (found == loss_->parameters().end() || found->second.sizes() != weight.shape) {
      throw Error(options.initial_weights.string() + ": its head does not fit the loss " +
                      options.loss + " (" + name + ")",
                  "Export the model again, or begin with other weights");
    }
    const at::NoGradGuard no_grad;
    found->second.copy_(ToTensor(weight));
  }
  network_.Freeze(options.freeze);
  if (KeepsNormStatistics(options)) network_.FixNormStatistics();
  if (device.is_cpu()) return;
  network_.MoveTo(device);
  for (auto& [name, tensor] : loss_->parameters()) {
    tensor = tensor.detach().to(device).set_requires_grad(true);
  }
  for (auto& [name, tensor] : loss_->state()) tensor = tensor.to(device);
}

Network TrainedClassifier::MakeNetwork() {
  Graph graph = backbone_.build(InputSize(options_), options_.dropout, options_.drop_path);
  if (options_.embedding_size > 0) {
    graph = WithEmbeddingLayer(std::move(graph), options_.embedding_size);
  }
  // A resumed run takes all weights from its checkpoint.
  if (!options_.resume) first_ = ReadFirstWeights(options_, backbone_, graph);
  const Weights weights = std::exchange(first_.network, {});
  return Network(std::move(graph), weights, random_);
}

void TrainedClassifier::FitFirstNorms(const std::vector<Image>& images) {
  const at::Tensor batch = unmask::ToTensor(images, backbone_.mean, backbone_.deviation);
  FitNorms(network_, batch.to(device_));
}

std::vector<TrainedTensor> TrainedClassifier::Trainable() {
  std::vector<TrainedTensor> trainable;
  const std::map<std::string, double> depths = Depths(network_.graph());
  for (const auto& [name, tensor] : network_.parameters()) {
    if (!tensor.requires_grad()) continue;
    trainable.push_back({tensor, std::pow(options_.first_layer_rate, 1 - depths.at(name))});
  }
  for (const auto& [name, tensor] : loss_->parameters()) trainable.push_back({tensor, 1});
  return trainable;
}

NamedTensors TrainedClassifier::Tensors() {
  NamedTensors tensors = network_.parameters();
  for (const auto& [name, tensor] : network_.buffers()) tensors[name] = tensor;
  for (const auto& [name, tensor] : loss_->parameters()) tensors[name] = tensor;
  return tensors;
}

void TrainedClassifier::Export(const std::filesystem::path& path,
                               const Validation& validation) const {
  GraphBuilder builder(network_.graph());
  const int input = network_.graph().outputs.at(HeadInput(network_.graph()));
  builder.SetOutput("logits", loss_->AddHead(builder, input));
  Weights weights = network_.ToWeights();
  for (const auto& [name, tensor] : loss_->parameters()) weights[name] = ToWeight(tensor);
  ModelMetadata metadata;
  metadata.name = options_.name;
  metadata.backbone = options_.backbone;
  metadata.loss = options_.loss;
  metadata.loss_options = LossOptionsOf(options_).dump();
  metadata.input_width = metadata.input_height = static_cast<int>(InputSize(options_));
  metadata.mean = backbone_.mean;
  metadata.deviation = backbone_.deviation;
  metadata.crop_scale = options_.crop_scale;
  metadata.temperature = validation.temperature;
  metadata.threshold = validation.threshold;
  metadata.limits = validation.answers.limits;
  metadata.embedding_mean = validation.answers.embedding_mean;
  metadata.embedding_deviation = validation.answers.embedding_deviation;
  metadata.training_data = options_.training_data;
  metadata.recipe = RecipeOf(options_).dump();
  metadata.validation = ToJson(validation).dump();
  metadata.licence = options_.licence;
  metadata.program_version = kVersion;
  WriteModel(path, std::move(builder).Build(), weights, metadata);
}

}  // namespace unmask
