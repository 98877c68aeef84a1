#include "unmask/train/branches.h"

#include <algorithm>
#include <cmath>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <utility>

#include "unmask/backbones/registry.h"
#include "unmask/base/error.h"
#include "unmask/base/text.h"
#include "unmask/model/model_file.h"
#include "unmask/model/model_weights.h"
#include "unmask/score/log_odds.h"

namespace unmask {
namespace {

namespace fs = std::filesystem;

// Of the largest weight of a tensor. Weights are stored with eleven bits, twice.
constexpr float kSame = 4e-3f;

// A logit of "fake" less that of "real" as a linear function of an embedding.
struct Margin {
  std::vector<float> weight;
  float bias = 0;
};

struct Branch {
  ModelMetadata metadata;
  Weights weights;  // without the head
  Margin margin;
};

std::string HeadName() { return std::string(FindBackbone(kSpecificBackbone).classifier_name); }

// Empty where there is none.
WeightTensor Take(Weights& weights, const std::string& name) {
  auto node = weights.extract(name);
  return node.empty() ? WeightTensor{} : std::move(node.mapped());
}

// The margin of a linear head of two classes, which is taken out of `weights`.
Margin TakeMargin(const fs::path& path, int fake, Weights& weights) {
  const WeightTensor weight = Take(weights, HeadName() + ".weight");
  const WeightTensor bias = Take(weights, HeadName() + ".bias");
  if (weight.shape.size() != 2 || weight.shape[0] != 2 || bias.shape != Shape{2}) {
    throw Error(path.string() + ": has no linear head of two classes", "Export the model again");
  }
  const auto size = static_cast<size_t>(weight.shape[1]);
  const auto row = [&](int which, size_t i) {
    return weight.values[static_cast<size_t>(which) * size + i];
  };
  Margin margin;
  for (size_t i = 0; i < size; ++i) margin.weight.push_back(row(fake, i) - row(1 - fake, i));
  margin.bias = bias.values[fake] - bias.values[1 - fake];
  return margin;
}

Branch ReadModel(const fs::path& path, const std::vector<std::string>& backbones) {
  const ModelDescription description = DescribeModel(path);
  const std::string backbone = description.metadata ? description.metadata->backbone : "";
  if (std::find(backbones.begin(), backbones.end(), backbone) == backbones.end()) {
    throw Error(path.string() + ": is no model of the backbone " + Join(backbones, " or "),
                "Train one with --backbone " + backbones.front());
  }
  if (description.metadata->class_names.size() != 2) {
    throw Error(path.string() + ": tells " +
                    std::to_string(description.metadata->class_names.size()) +
                    " classes apart, not real and fake",
                "Give a model that `unmask train` wrote");
  }
  Branch branch{.metadata = *description.metadata, .weights = ReadModelWeights(path), .margin = {}};
  const bool layer = std::any_of(branch.weights.begin(), branch.weights.end(),
                                 [](const auto& w) { return w.first.starts_with("embedding."); });
  if (branch.metadata.loss != "softmax" || layer) {
    throw Error(path.string() + ": " +
                    (layer ? "has a layer in front of its head"
                           : "was trained with the loss " + branch.metadata.loss),
                "Train it with --loss softmax, without --embedding-size");
  }
  for (const auto& [name, weight] : branch.weights) {
    if (std::all_of(weight.values.begin(), weight.values.end(),
                    [](float v) { return std::isfinite(v); })) {
      continue;
    }
    throw Error(path.string() + ": " + name + " holds a number that is not finite",
                "Export the model again");
  }
  branch.margin = TakeMargin(path, branch.metadata.fake_class, branch.weights);
  return branch;
}

int64_t EmbeddingSize(std::string_view name) {
  const Backbone& backbone = FindBackbone(name);
  return backbone.build(backbone.input_size, 0, 0).output("embedding").shape[0];
}

bool IsZero(std::span<const float> values) {
  return std::all_of(values.begin(), values.end(), [](float v) { return v == 0; });
}

// The two branches of a joined network, each with a margin of its own.
struct Branches {
  Branch general, specific;
};

Branches Divide(const fs::path& path, Branch joined) {
  const WeightTensor rows = Take(joined.weights, "evidence.weight");
  const WeightTensor biases = Take(joined.weights, "evidence.bias");
  const auto general = static_cast<size_t>(EmbeddingSize(kGeneralBackbone)),
             size = general + static_cast<size_t>(EmbeddingSize(kSpecificBackbone));
  if (rows.shape != Shape{kEvidenceUnits, static_cast<int64_t>(size)} ||
      biases.shape != Shape{kEvidenceUnits} || joined.margin.weight.size() != kEvidenceUnits) {
    throw Error(path.string() + ": has not the layers of two branches", "Export the model again");
  }
  const std::span<const float> all = rows.values;
  const auto g = all.subspan(0, size), minus_g = all.subspan(size, size),
             s = all.subspan(2 * size, size);
  const Margin& head = joined.margin;
  const bool opposite =
      std::equal(g.begin(), g.end(), minus_g.begin(), [](float a, float b) { return a == -b; }) &&
      biases.values[0] == -biases.values[1];
  if (!opposite || head.weight[0] != -head.weight[1] || head.bias != 0 ||
      !IsZero(g.subspan(general)) || !IsZero(s.subspan(0, general))) {
    throw Error(path.string() + ": its branches were trained on together, so neither has a margin",
                "Give a model as it was joined, such as the default model");
  }
  Branches branches{{joined.metadata, {}, {}}, {joined.metadata, {}, {}}};
  for (const float value : g.subspan(0, general)) {
    branches.general.margin.weight.push_back(head.weight[0] * value);
  }
  branches.general.margin.bias = head.weight[0] * biases.values[0];
  branches.specific.margin.weight.assign(s.begin() + static_cast<ptrdiff_t>(general), s.end());
  branches.specific.margin.bias = biases.values[2];
  const std::string prefix(kSpecificBranch);
  for (auto& [name, weight] : joined.weights) {
    const bool of_specific = name.starts_with(prefix);
    const bool shared = !of_specific && !joined.weights.contains(prefix + name);
    if (of_specific) branches.specific.weights[name.substr(prefix.size())] = weight;
    if (shared) branches.specific.weights[name] = weight;
    if (!of_specific) branches.general.weights[name] = weight;
  }
  return branches;
}

Branch ReadGeneral(const fs::path& path) {
  const std::string branches(kBranchesBackbone);
  Branch branch = ReadModel(path, {std::string(kGeneralBackbone), branches});
  if (branch.metadata.backbone != branches) return branch;
  return Divide(path, std::move(branch)).general;
}

void RequireInput(const fs::path& path, const ModelMetadata& general, int64_t size, double scale) {
  if (general.input_width == size && std::fabs(general.crop_scale - scale) < 1e-9) return;
  throw Error(path.string() + ": takes crops of " + std::to_string(general.input_width) +
                  " pixels at the face scale " + FormatFixed(general.crop_scale, 2) +
                  ", the run makes others",
              "Give --crop-scale and --input-size as they were when it was trained, or --general "
              "none");
}

bool AreSame(const WeightTensor& a, const WeightTensor& b) {
  if (a.shape != b.shape) return false;
  float largest = 0, difference = 0;
  for (size_t i = 0; i < a.values.size(); ++i) {
    largest = std::max(largest, std::fabs(a.values[i]));
    difference = std::max(difference, std::fabs(a.values[i] - b.values[i]));
  }
  return difference <= kSame * largest;
}

// [g, −g, s − t] behind the embedding, of which the network takes what is above 0: g is the first
// less the second.
void AddEvidence(const Branch& general, const Branch& specific, double weight,
                 FirstWeights& first) {
  const std::vector<float>& g = general.margin.weight;
  const std::vector<float>& s = specific.margin.weight;
  const ModelMetadata& m = specific.metadata;
  const double t = m.temperature * LogOdds(m.threshold);
  WeightTensor matrix{{kEvidenceUnits, static_cast<int64_t>(g.size() + s.size())}, {}};
  for (const float sign : {1.0f, -1.0f}) {
    for (const float value : g) matrix.values.push_back(sign * value);
    matrix.values.insert(matrix.values.end(), s.size(), 0.0f);
  }
  matrix.values.insert(matrix.values.end(), g.size(), 0.0f);
  matrix.values.insert(matrix.values.end(), s.begin(), s.end());
  first.network["evidence.weight"] = std::move(matrix);
  first.network["evidence.bias"] = {
      {kEvidenceUnits},
      {general.margin.bias, -general.margin.bias, static_cast<float>(specific.margin.bias - t)}};
  // Half of the margin for either class.
  const auto k = static_cast<float>(weight);
  first.head[HeadName() + ".weight"] = {{2, kEvidenceUnits},
                                        {-0.5f, 0.5f, -0.5f * k, 0.5f, -0.5f, 0.5f * k}};
  first.head[HeadName() + ".bias"] = {{2}, {0, 0}};
}

}  // namespace

std::string FreezeSharedLayers() {
  std::vector<std::string> options;
  for (const std::string_view layer : kSharedLayers) {
    options.push_back("--freeze " + std::string(layer));
  }
  return Join(options, " ");
}

void CheckGeneral(const TrainOptions& options) {
  const fs::path& path = options.general_weights;
  if (path.empty()) return;
  RequireInput(path, ReadGeneral(path).metadata, InputSize(options), options.crop_scale);
}

FirstWeights JoinBranches(const fs::path& general, const fs::path& specific, double weight) {
  const Branch a = ReadGeneral(general);
  const Branch b = ReadModel(specific, {std::string(kSpecificBackbone)});
  RequireInput(general, a.metadata, b.metadata.input_width, b.metadata.crop_scale);
  const Graph graph = FindBackbone(kBranchesBackbone).build(a.metadata.input_width, 0, 0);
  const std::string prefix(kSpecificBranch);
  std::set<std::string> names;
  for (const Node& node : graph.nodes) names.insert(node.name);
  FirstWeights first;
  first.source = general;
  for (const std::string& name : names) {
    const bool of_specific = name.starts_with(prefix);
    const std::string own = of_specific ? name.substr(prefix.size()) : name;
    const bool shared = !of_specific && !names.contains(prefix + name);
    for (const char* parameter : {".weight", ".bias"}) {
      const Weights& source = of_specific ? b.weights : a.weights;
      const auto found = source.find(own + parameter);
      if (found == source.end()) continue;
      const auto other = b.weights.find(own + parameter);
      if (shared && (other == b.weights.end() || !AreSame(found->second, other->second))) {
        throw Error(general.string() + ": differs from the network of the run in " + name +
                        ", which both branches share",
                    "Begin the run with the weights that the general branch began with (--init), "
                    "and train either with " +
                        FreezeSharedLayers());
      }
      first.network[name + parameter] = found->second;
    }
  }
  AddEvidence(a, b, weight, first);
  first.norms_need_statistics = UnfoldNorms(graph, first.network);
  try {
    CheckWeightsFit(graph, first.network);
  } catch (const Error& e) {
    throw Error(general.string() + ": cannot be joined (" + e.problem() + ")",
                "Export the model again");
  }
  return first;
}

Weights SpecificBranchOf(const fs::path& joined) {
  Branch branch = Divide(joined, ReadModel(joined, {std::string(kBranchesBackbone)})).specific;
  const Margin& margin = branch.margin;
  WeightTensor matrix{{2, static_cast<int64_t>(margin.weight.size())}, {}};
  for (const float half : {-0.5f, 0.5f}) {
    for (const float value : margin.weight) matrix.values.push_back(half * value);
  }
  branch.weights[HeadName() + ".weight"] = std::move(matrix);
  branch.weights[HeadName() + ".bias"] = {{2}, {-0.5f * margin.bias, 0.5f * margin.bias}};
  return std::move(branch.weights);
}

}  // namespace unmask
