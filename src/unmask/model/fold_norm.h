#pragma once

#include <vector>

#include "unmask/graph/graph.h"
#include "unmask/model/weights.h"

namespace unmask {

struct Filters {
  std::vector<float> weight;
  std::vector<float> bias;  // one value a channel that comes out, or empty
};

// The filters of `conv`, a convolution with its weights under its name, and, where it has one, its
// bias, with `norm` behind it multiplied in: they compute what both do at inference. Null: as they
// are. A norm folds into a Conv2d only: in a transposed one filters do not lie by output channel.
Filters FoldNorm(const Node& conv, const Node* norm, const Weights& weights);

}  // namespace unmask
