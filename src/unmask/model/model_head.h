#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <variant>
#include <vector>

#include "unmask/graph/graph.h"

namespace unmask {

// What a model computes from the mean of its last feature map over all places, a vector of one
// value per channel, step by step to its logits.

struct HeadLinear {  // y = W x + b; an embedding layer, a classifier, a convolution of one pixel
  int64_t in = 0;
  int64_t out = 0;
  std::vector<float> weight;  // out × in
  std::vector<float> bias;    // out, or empty
};

// Of the graph's operations: L2Normalize, Scale, and of the activations kRelu and kHardSwish.
using HeadStep = std::variant<HeadLinear, L2Normalize, Scale, Activation>;

struct ModelHead {
  int64_t channels = 0;  // of the feature map
  std::vector<HeadStep> steps;
};

// Follows the network of an ONNX file from the output `logits` back to the output `features`. Works
// for every model that WriteModel() wrote with both outputs, and for others that are built alike:
// global average pooling, then the steps above. Throws Error naming the file: no such output, no
// pooling behind the features, a step that is not one of these.
ModelHead ReadModelHead(const std::filesystem::path& path, const std::string& features = "features",
                        const std::string& logits = "logits");

}  // namespace unmask
