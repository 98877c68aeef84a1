#pragma once

#include <filesystem>
#include <string>

#include "unmask/backbones/registry.h"
#include "unmask/model/weights.h"
#include "unmask/train/options.h"

namespace unmask {

// What a run begins with instead of random weights.
struct FirstWeights {
  Weights network;               // of the backbone and, where it fits, of the embedding layer
  Weights head;                  // of the loss; empty: begins anew
  std::filesystem::path source;  // of the head, for messages
  // The norms were folded away: they need statistics, see FitNorms().
  bool norms_need_statistics = false;
  std::string summary;  // what was taken from where, for a person; empty: nothing
};

// Reads options.initial_weights: a safetensors file with timm's names, or a model that was trained
// here (".onnx"), whose embedding layer and head are taken where size and loss are the same.
// A backbone that is made of another's layers takes the weights of these; the backbone of the
// specific branch takes that of a model of two.
// `graph`: the network of the run. Throws Error naming the file when it is neither, when it belongs
// to another backbone, and when tensors are missing or of another shape.
FirstWeights ReadFirstWeights(const TrainOptions& options, const Backbone& backbone,
                              const Graph& graph);

}  // namespace unmask
