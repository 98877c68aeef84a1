#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "unmask/graph/graph.h"

namespace unmask {

// A trunk that turns an image into an embedding, described with timm's parameter names.
struct Backbone {
  std::string_view name;             // "efficientnet_lite0"
  std::string_view summary;          // one line for --help
  std::string_view timm_name;        // the model whose parameter names it uses; "": none has them
  std::string_view classifier_name;  // timm's name of the final linear layer: "fc", "classifier"
  int64_t input_size;                // pixels, square
  std::array<float, 3> mean;         // of the input, see ModelMetadata
  std::array<float, 3> deviation;
  // Graph with outputs "features" {C, h, w} and "embedding" {E}: the mean of the features, so E =
  // C, but for MobileNetV3, which has a layer behind it. `drop_path` is the stochastic depth of the
  // last block, `dropout` that in front of the head; both act in training only. Where there are
  // layers between the embedding and what a loss puts behind it, the output "evidence" is theirs.
  Graph (*build)(int64_t input_size, double dropout, double drop_path);
  // The row whose layers it is made of, and whose weights it takes; "": it has its own.
  std::string_view made_of = "";

  std::string_view weights_name() const { return made_of.empty() ? name : made_of; }
};

// The backbone of two branches, and those that each of them is.
inline constexpr std::string_view kBranchesBackbone = "efficientnet_lite0_branches";
inline constexpr std::string_view kGeneralBackbone = "efficientnet_lite0_early";
inline constexpr std::string_view kSpecificBackbone = "efficientnet_lite0";
// What the names of the parameters of its specific branch begin with, in front of their own.
inline constexpr std::string_view kSpecificBranch = "specific.";
// What the names of the parameters begin with that both branches share.
inline constexpr std::string_view kSharedLayers[] = {"conv_stem.", "bn1.", "blocks.0.",
                                                     "blocks.1."};
inline constexpr int64_t kEvidenceUnits = 3;  // values of its output "evidence"

// The output of a backbone that the head stands behind: "evidence" or "embedding".
std::string HeadInput(const Graph& graph);

// The only list of backbones.
std::span<const Backbone> Backbones();

// Throws UsageError suggesting the nearest name.
const Backbone& FindBackbone(std::string_view name);

// The backbone with a plain linear classifier under timm's name: output "logits" {classes}.
Graph BuildClassifier(const Backbone& backbone, int64_t input_size, int64_t classes,
                      double dropout = 0.0, double drop_path = 0.0);

}  // namespace unmask
