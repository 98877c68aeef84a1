#pragma once

#include <cstdint>
#include <functional>

#include "unmask/base/cancel.h"
#include "unmask/explain/points.h"

namespace unmask {

// The defaults are those of scikit-learn, whose maps ours were compared with
// (scripts/compare_tsne.py).
struct TsneOptions {
  // Roughly how many neighbours a point keeps; ≥ 1. Where there are few points it is lowered to a
  // third of the others, so that a point always has neighbours to choose among.
  double perplexity = 30;
  double theta = 0.5;                // accuracy of Barnes-Hut, 0 (exact, slow) … 1
  int iterations = 1000;             // 1 … 100000
  int exaggerated_iterations = 250;  // of these, the first ones, that gather clusters; ≥ 0
  double exaggeration = 12;          // of the attraction meanwhile; ≥ 1
  double learning_rate = 0;          // 0: n / (4 · exaggeration), at least 50
  int input_dimensions = 50;         // the data are reduced to so many by PCA first; 0: not
  uint64_t seed = 1;
  int threads = 0;  // 0: one per core; the map does not depend on it

  void Validate() const;
};

struct TsneMap {
  Points points;             // count × 2, with the mean 0
  double perplexity = 0;     // as used
  double kl_divergence = 0;  // of the map, by Barnes-Hut; ≥ 0 up to rounding
};

// t-distributed stochastic neighbour embedding (van der Maaten and Hinton, JMLR 2008) with
// Barnes-Hut sums and exact nearest neighbours (van der Maaten, JMLR 2014): a map on which
// neighbours stay neighbours. Distances between clusters, their sizes and the axes mean nothing.
//
// Starts from the first two principal components, with a little seeded noise, without which
// equal points could never part. `progress` is called with the iterations done. Throws UsageError
// for options out of range, Error where there is no point or a value that is not finite, Cancelled
// when `cancel` is set meanwhile.
TsneMap Tsne(const Points& data, const TsneOptions& options = {},
             const CancelToken* cancel = nullptr,
             const std::function<void(int done, int total)>& progress = nullptr);

}  // namespace unmask
