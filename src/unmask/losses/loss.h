#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "unmask/base/random.h"
#include "unmask/graph/graph.h"
#include "unmask/nn/network.h"

namespace unmask {

// What a classifier is trained with: the head behind the embedding, and the function to minimise.
// The head computes in float32, whatever precision the embedding has.
class Loss {
 public:
  virtual ~Loss() = default;

  // Mean loss of a batch. `embedding` {batch, D}; `labels` {batch}, int64, 0 … classes − 1.
  virtual at::Tensor Compute(const at::Tensor& embedding, const at::Tensor& labels) = 0;

  // What probability is made of at inference, {batch, classes}.
  virtual at::Tensor Logits(const at::Tensor& embedding) = 0;

  // The same as graph operations, whose parameters carry the names of parameters(). Returns the
  // node of the logits.
  virtual int AddHead(GraphBuilder& graph, int embedding) const = 0;

  // The head's own, by their names in the model file.
  virtual NamedTensors& parameters() = 0;
};

struct LossShape {
  int64_t embedding = 0;
  int64_t classes = 2;
  std::string name = "classifier";  // prefix of the head's parameters
};

struct LossKind {
  std::string_view name;
  std::string_view summary;
  std::unique_ptr<Loss> (*make)(const LossShape& shape, Random& random);
};

// The only list of losses.
std::span<const LossKind> Losses();

// Throws UsageError suggesting the nearest name.
const LossKind& FindLoss(std::string_view name);

}  // namespace unmask
