#include "unmask/train/exported_network.h"

#include <ATen/ATen.h>
#include <torch/csrc/autograd/autograd.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <utility>

#include "unmask/backbones/registry.h"
#include "unmask/base/error.h"
#include "unmask/base/text.h"
#include "unmask/losses/registry.h"
#include "unmask/model/model_file.h"
#include "unmask/model/model_weights.h"
#include "unmask/nn/grad_cam.h"

namespace unmask {
namespace {

constexpr char kLayer[] = "layer";  // the output that is added to the graph
constexpr char kFeatures[] = "features";
constexpr char kEmbedding[] = "embedding.weight";

ModelMetadata ReadMetadata(const std::filesystem::path& model) {
  const ModelDescription description = DescribeModel(model);
  if (!description.metadata || description.metadata->backbone.empty() ||
      description.metadata->loss.empty()) {
    throw Error(model.string() + ": was not trained here, so its layers are not known",
                "Leave out the layer, or give a model that `unmask train` wrote");
  }
  return *description.metadata;
}

// "blocks.2.0" of "blocks.2.0.conv_dw", "conv_stem" of "conv_stem".
std::string BlockOf(const std::string& name) {
  if (const std::string prefix(kSpecificBranch); name.starts_with(prefix)) {
    return prefix + BlockOf(name.substr(prefix.size()));
  }
  const std::vector<std::string> parts = Split(name, '.');
  std::string block = parts[0];
  for (size_t i = 1; i < parts.size(); ++i) {
    if (!std::all_of(parts[i].begin(), parts[i].end(),
                     [](char c) { return c >= '0' && c <= '9'; })) {
      break;
    }
    block += "." + parts[i];
  }
  return block;
}

bool IsMap(const Node& node) { return node.shape.size() == 3 && node.shape[1] * node.shape[2] > 1; }

bool LiesIn(const std::string& name, const std::string& layer) {
  return name == layer || name.starts_with(layer + ".");
}

// Operations without a name of their own that belong to what stands in front of them.
bool Continues(const Operation& operation) {
  return std::holds_alternative<Activation>(operation) || std::holds_alternative<Add>(operation) ||
         std::holds_alternative<Multiply>(operation) ||
         std::holds_alternative<Dropout>(operation) || std::holds_alternative<DropPath>(operation);
}

at::Tensor Explained(const at::Tensor& logits, int64_t fake, const std::string& target) {
  std::vector<int64_t> others;
  for (int64_t i = 0; i < logits.size(1); ++i) {
    if (i != fake) others.push_back(i);
  }
  const at::Tensor rest =
      logits.index_select(1, at::tensor(others, at::kLong)).logsumexp({1}, /*keepdim=*/false);
  if (target == "real") return rest;
  const at::Tensor z = logits.select(1, fake);
  return target == "fake" ? z : z - rest;
}

}  // namespace

std::vector<std::string> LayersOf(const Graph& graph) {
  std::vector<std::string> layers;
  for (const Node& node : graph.nodes) {
    if (node.name.empty() || !IsMap(node)) continue;
    std::string block = BlockOf(node.name);
    if (std::find(layers.begin(), layers.end(), block) == layers.end()) {
      layers.push_back(std::move(block));
    }
  }
  if (graph.outputs.contains(kFeatures)) layers.emplace_back(kFeatures);
  return layers;
}

int FindLayer(const Graph& graph, const std::string& layer) {
  if (layer == kFeatures && graph.outputs.contains(layer)) return graph.outputs.at(layer);
  int found = -1;
  for (size_t i = 0; i < graph.nodes.size(); ++i) {
    const Node& node = graph.nodes[i];
    const bool continues = found >= 0 && node.name.empty() && Continues(node.operation) &&
                           std::count(node.inputs.begin(), node.inputs.end(), found) > 0;
    if (IsMap(node) && (continues || LiesIn(node.name, layer))) found = static_cast<int>(i);
  }
  if (found < 0) ThrowUnknownName("layer", layer, LayersOf(graph));
  return found;
}

ExportedNetwork::ExportedNetwork(const std::filesystem::path& model, const std::string& layer)
    : metadata_(ReadMetadata(model)), network_(MakeNetwork(model, layer)) {}

Network ExportedNetwork::MakeNetwork(const std::filesystem::path& model, const std::string& layer) {
  const Backbone& backbone = FindBackbone(metadata_.backbone);
  Weights weights = ReadModelWeights(model);
  Graph trunk = backbone.build(metadata_.input_width, /*dropout=*/0, /*drop_path=*/0);
  const int layer_node = FindLayer(trunk, layer);
  int node = trunk.outputs.at(HeadInput(trunk));
  GraphBuilder builder(std::move(trunk));
  const auto embedding = weights.find(kEmbedding);
  if (embedding != weights.end()) {
    node =
        builder.AddNode(Linear{.out_features = embedding->second.shape.at(0)}, {node}, "embedding");
  }
  const LossShape shape{.embedding = builder.shape(node).at(0),
                        .classes = static_cast<int64_t>(metadata_.class_names.size()),
                        .name = std::string(backbone.classifier_name),
                        .class_weights = {}};
  Random random(0);
  const Json options =
      metadata_.loss_options.empty() ? Json::object() : Json::parse(metadata_.loss_options);
  const auto loss = FindLoss(metadata_.loss).maker.make(shape, options, random);
  builder.SetOutput("logits", loss->AddHead(builder, node));
  builder.SetOutput(kLayer, layer_node);
  Graph graph = std::move(builder).Build();
  UnfoldNorms(graph, weights);
  try {
    CheckWeightsFit(graph, weights);
  } catch (const Error& e) {
    throw Error(model.string() + ": its weights are not those of a " + metadata_.backbone + " (" +
                    e.problem() + ")",
                "Export the model again");
  }
  return Network(std::move(graph), weights, random);
}

int64_t ExportedNetwork::height() const { return network_.graph().output(kLayer).shape[1]; }
int64_t ExportedNetwork::width() const { return network_.graph().output(kLayer).shape[2]; }

ExportedNetwork::Outputs ExportedNetwork::Forward(const at::Tensor& images) {
  NamedTensors outputs = network_.Forward(images, /*training=*/false);
  return {outputs.at("logits"), outputs.at(kLayer)};
}

at::Tensor ExportedNetwork::Maps(const at::Tensor& images, const std::string& target,
                                 bool plus_plus) {
  const Outputs outputs = Forward(images);
  const at::Tensor score = Explained(outputs.logits, metadata_.fake_class, target);
  const at::Tensor gradient = torch::autograd::grad({score.sum()}, {outputs.layer})[0];
  return GradCam(outputs.layer.detach(), gradient, plus_plus);
}

}  // namespace unmask
