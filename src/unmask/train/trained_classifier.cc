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

Graph GraphOf(const TrainOptions& options, const Backbone& backbone) {
  Graph graph = backbone.build(InputSize(options), options.dropout, options.drop_path);
  if (options.embedding_size == 0) return graph;
  const int pooled = graph.outputs.at("embedding");
  GraphBuilder builder(std::move(graph));
  builder.SetOutput("embedding", builder.AddNode(Linear{.out_features = options.embedding_size},
                                                 {pooled}, "embedding"));
  return std::move(builder).Build();
}

FirstWeights WeightsOf(const TrainOptions& options) {
  if (options.resume) return {};  // it takes them all from its checkpoint
  const Backbone& backbone = FindBackbone(options.backbone);
  return ReadFirstWeights(options, backbone, GraphOf(options, backbone));
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
    : TrainedClassifier(options, FindBackbone(options.backbone), WeightsOf(options), device) {
  network_.Freeze(options.freeze);
  if (KeepsNormStatistics(options)) network_.FixNormStatistics();
}

TrainedClassifier::TrainedClassifier(const TrainOptions& options, const Backbone& backbone,
                                     FirstWeights first, at::Device device)
    : options_(options),
      device_(device),
      backbone_(backbone),
      random_(DeriveSeed(options.seed, "weights")),
      first_(std::move(first)),
      network_(GraphOf(options, backbone), std::exchange(first_.network, {}), random_) {
  const LossShape shape{.embedding = network_.graph().output(HeadInput(network_.graph())).shape[0],
                        .classes = 2,
                        .name = std::string(backbone_.classifier_name),
                        .class_weights = options.class_weights};
  loss_ = FindLoss(options.loss).maker.make(shape, LossOptionsOf(options), random_);
  for (const auto& [name, weight] : first_.head) {
    const auto found = loss_->parameters().find(name);
    if (found == loss_->parameters().end() || found->second.sizes() != weight.shape) {
      throw Error(first_.source.string() + ": its head does not fit the loss " + options.loss +
                      " (" + name + ")",
                  "Export the model again, or begin with other weights");
    }
    const at::NoGradGuard no_grad;
    found->second.copy_(ToTensor(weight));
  }
  if (device.is_cpu()) return;
  network_.MoveTo(device);
  for (auto& [name, tensor] : loss_->parameters()) {
    tensor = tensor.detach().to(device).set_requires_grad(true);
  }
  for (auto& [name, tensor] : loss_->state()) tensor = tensor.to(device);
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

void TrainedClassifier::Export(const std::filesystem::path& path, const Validation& validation,
                               const Json& recipe) const {
  GraphBuilder builder(network_.graph());
  const int input = network_.graph().outputs.at(HeadInput(network_.graph()));
  builder.SetOutput("logits", loss_->AddHead(builder, input));
  Weights weights = network_.ToWeights();
  for (const auto& [name, tensor] : loss_->parameters()) weights[name] = ToWeight(tensor);
  ModelMetadata metadata;
  metadata.name = options_.name;
  metadata.backbone = backbone_.name;
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
  metadata.recipe = recipe.dump();
  metadata.validation = ToJson(validation).dump();
  metadata.licence = options_.licence;
  metadata.program_version = kVersion;
  WriteModel(path, std::move(builder).Build(), weights, metadata);
}

}  // namespace unmask
