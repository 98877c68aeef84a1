#include "unmask/train/branches.h"

#include <algorithm>
#include <cmath>
#include <set>
#include <string>
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

constexpr char kGeneralBackbone[] = "efficientnet_lite0_early";
constexpr char kSpecificBackbone[] = "efficientnet_lite0";
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

Margin TakeMargin(const fs::path& path, int fake, Weights& weights) {
  const std::string head(FindBackbone(kSpecificBackbone).classifier_name);
  const auto weight = weights.extract(head + ".weight");
  const auto bias = weights.extract(head + ".bias");
  if (weight.empty() || bias.empty() || weight.mapped().shape.size() != 2 ||
      weight.mapped().shape[0] != 2 || bias.mapped().values.size() != 2) {
    throw Error(path.string() + ": has no linear head of two classes", "Export the model again");
  }
  const auto size = static_cast<size_t>(weight.mapped().shape[1]);
  const std::vector<float>& rows = weight.mapped().values;
  const auto row = [&](int which, size_t i) { return rows[static_cast<size_t>(which) * size + i]; };
  Margin margin;
  for (size_t i = 0; i < size; ++i) margin.weight.push_back(row(fake, i) - row(1 - fake, i));
  margin.bias = bias.mapped().values[fake] - bias.mapped().values[1 - fake];
  return margin;
}

Branch ReadBranch(const fs::path& path, const std::string& backbone) {
  const ModelDescription description = DescribeModel(path);
  if (!description.metadata || description.metadata->backbone != backbone) {
    throw Error(path.string() + ": is no model of the backbone " + backbone,
                "Train one with --backbone " + backbone);
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
  branch.margin = TakeMargin(path, branch.metadata.fake_class, branch.weights);
  return branch;
}

void RequireOneInput(const fs::path& general, const ModelMetadata& a, const fs::path& specific,
                     const ModelMetadata& b) {
  if (a.input_width == b.input_width && a.input_height == b.input_height &&
      std::fabs(a.crop_scale - b.crop_scale) < 1e-9) {
    return;
  }
  const auto text = [](const ModelMetadata& m) {
    return std::to_string(m.input_width) + " pixels at the face scale " +
           FormatFixed(m.crop_scale, 2);
  };
  throw Error(
      general.string() + " takes crops of " + text(a) + ", " + specific.string() + " of " + text(b),
      "Train both with the same --crop-scale and --input-size");
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
  const std::string head(FindBackbone(kSpecificBackbone).classifier_name);
  first.head[head + ".weight"] = {{2, kEvidenceUnits},
                                  {-0.5f, 0.5f, -0.5f * k, 0.5f, -0.5f, 0.5f * k}};
  first.head[head + ".bias"] = {{2}, {0, 0}};
}

}  // namespace

FirstWeights JoinBranches(const fs::path& general, const fs::path& specific, double weight) {
  Branch a = ReadBranch(general, kGeneralBackbone);
  Branch b = ReadBranch(specific, kSpecificBackbone);
  RequireOneInput(general, a.metadata, specific, b.metadata);
  const Backbone& backbone = FindBackbone("efficientnet_lite0_branches");
  const Graph graph = backbone.build(a.metadata.input_width, 0, 0);
  const std::string prefix(kSpecificBranch);
  std::set<std::string> names;
  for (const Node& node : graph.nodes) names.insert(node.name);
  FirstWeights first;
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
        throw Error(general.string() + " and " + specific.string() + " differ in " + name +
                        ", which the network computes once for both",
                    "Train both with --init imagenet, and the second with --freeze conv_stem "
                    "--freeze bn1 --freeze blocks.0. --freeze blocks.1.");
      }
      first.network[name + parameter] = found->second;
    }
  }
  AddEvidence(a, b, weight, first);
  first.norms_need_statistics = UnfoldNorms(graph, first.network);
  first.summary = "joined " + general.string() + " and " + specific.string();
  return first;
}

}  // namespace unmask
