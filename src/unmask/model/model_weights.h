#pragma once

#include <filesystem>

#include "unmask/graph/graph.h"
#include "unmask/model/weights.h"

namespace unmask {

// The parameters in a model that WriteModel() wrote, by their names, as float32. Throws Error when
// it is not an ONNX file, and naming the tensor whose size does not fit its shape.
Weights ReadModelWeights(const std::filesystem::path& path);

// Gives back to `graph`'s batch norms the parameters that WriteModel() folded into the convolutions
// in front of them: the filters stay as they are, the norm becomes the identity but for its shift.
// The network computes what the model does; what the statistics were cannot be told any more.
// Returns whether there was such a norm.
bool UnfoldNorms(const Graph& graph, Weights& weights);

}  // namespace unmask
