#include "unmask/train/first_weights.h"

#include <nlohmann/json.hpp>
#include <utility>

#include "unmask/base/error.h"
#include "unmask/model/model_file.h"
#include "unmask/model/model_weights.h"
#include "unmask/train/branches.h"

namespace unmask {
namespace {

// Prefixes of the parameters of layers that ImageNet's weights do not have.
constexpr char kEmbedding[] = "embedding.";
constexpr char kEvidence[] = "evidence.";

// Moves out of `weights` what begins with `prefix`.
Weights Extract(Weights& weights, const std::string& prefix) {
  Weights taken;
  for (auto it = weights.lower_bound(prefix);
       it != weights.end() && it->first.starts_with(prefix);) {
    taken.insert(weights.extract(it++));
  }
  return taken;
}

// Parameters of `graph` that begin with `prefix`, as shapes.
std::map<std::string, Shape> Wanted(const Graph& graph, const std::string& prefix) {
  std::map<std::string, Shape> wanted;
  for (const Parameter& p : graph.Parameters()) {
    if (p.name.starts_with(prefix)) wanted[p.name] = p.shape;
  }
  return wanted;
}

bool Fits(const Weights& weights, const std::map<std::string, Shape>& wanted) {
  if (weights.size() != wanted.size()) return false;
  for (const auto& [name, shape] : wanted) {
    const auto found = weights.find(name);
    if (found == weights.end() || found->second.shape != shape) return false;
  }
  return true;
}

// A backbone that is made of another's layers takes that one's weights, for each branch.
void TakeParts(const Backbone& backbone, const Graph& graph, Weights& weights) {
  if (backbone.made_of.empty()) return;
  Weights parts;
  for (const Parameter& p : graph.Parameters()) {
    const std::string prefix(kSpecificBranch);
    const bool branch = p.name.starts_with(prefix);
    const auto found = weights.find(branch ? p.name.substr(prefix.size()) : p.name);
    if (found != weights.end()) parts[p.name] = found->second;
  }
  weights = std::move(parts);
}

void Check(const TrainOptions& options, const Backbone& backbone, const Graph& graph,
           const Weights& weights) {
  try {
    CheckWeightsFit(graph, weights, {std::string(backbone.classifier_name), kEmbedding, kEvidence});
  } catch (const Error& e) {
    throw Error(options.initial_weights.string() + ": does not fit the backbone " +
                    std::string(backbone.name) + " (" + e.problem() + ")",
                "Choose the backbone the weights were made for, or other weights");
  }
}

FirstWeights FromModel(const TrainOptions& options, const Backbone& backbone, const Graph& graph) {
  const std::string file = options.initial_weights.string();
  const ModelDescription description = DescribeModel(options.initial_weights);
  if (!description.metadata || description.metadata->backbone.empty()) {
    throw Error(
        file + ": is a model that was not trained here, so the names of its weights say nothing",
        "Give a model that `unmask train` wrote, or a safetensors file with timm's names");
  }
  const ModelMetadata& model = *description.metadata;
  const bool one_of_two = model.backbone == kBranchesBackbone && backbone.name == kSpecificBackbone;
  if (model.backbone != backbone.name && !one_of_two) {
    throw Error(
        file + ": is of the backbone " + model.backbone + ", not " + std::string(backbone.name),
        "Train with --backbone " + model.backbone + ", or begin with other weights");
  }
  FirstWeights first;
  first.network = one_of_two ? SpecificBranchOf(options.initial_weights)
                             : ReadModelWeights(options.initial_weights);
  first.norms_need_statistics = UnfoldNorms(graph, first.network);
  first.head = Extract(first.network, std::string(backbone.classifier_name) + ".");
  Weights embedding = Extract(first.network, kEmbedding);
  const bool same_embedding = Fits(embedding, Wanted(graph, kEmbedding));
  Check(options, backbone, graph, first.network);
  first.summary = one_of_two ? "began with the specific branch" : "began with the backbone";
  if (same_embedding && !embedding.empty()) {
    first.summary += ", the embedding layer";
    first.network.merge(embedding);
  }
  if (same_embedding && model.loss == options.loss) {
    first.summary += " and the head of " + file;
    first.source = options.initial_weights;
  } else {
    first.summary += " of " + file + "; the head is new, " +
                     (same_embedding ? "as that was trained with the loss " + model.loss
                                     : "as the embedding has another size");
    first.head.clear();
  }
  return first;
}

}  // namespace

FirstWeights ReadFirstWeights(const TrainOptions& options, const Backbone& backbone,
                              const Graph& graph) {
  FirstWeights first;
  if (options.initial_weights.empty()) return first;
  if (options.initial_weights.extension() == ".onnx") return FromModel(options, backbone, graph);
  first.network = ReadSafetensors(options.initial_weights);
  TakeParts(backbone, graph, first.network);
  Check(options, backbone, graph, first.network);
  first.summary = "began with the backbone of " + options.initial_weights.string();
  return first;
}

}  // namespace unmask
