#pragma once

#include <ATen/core/Tensor.h>

#include <functional>
#include <map>
#include <string>
#include <vector>

#include "unmask/base/random.h"
#include "unmask/graph/graph.h"
#include "unmask/model/weights.h"
#include "unmask/nn/joint_batch.h"

namespace unmask {

using NamedTensors = std::map<std::string, at::Tensor>;

// A graph as LibTorch operations: the emitter that trains. Parameters have the graph's names.
class Network {
 public:
  // Parameters that `weights` lacks are initialised: filters by He et al. (2015) with the fan-out,
  // matrices N(0, 0.01), norms to the identity. Throws Error where a shape does not fit.
  Network(Graph graph, const Weights& weights, Random& random);

  // Runs {batch, C, H, W} and returns the graph's outputs by name. Gradients flow to parameters().
  // `training` switches on dropout and batch statistics (which update the running ones).
  // `observe`, where given, is called with each operation and its first input before it runs.
  using Observer = std::function<void(const Node&, const at::Tensor& input)>;
  NamedTensors Forward(const at::Tensor& images, bool training, const Observer& observe = nullptr);

  // From now on batches in training are shares of a joint one: norms take its statistics, random
  // draws are its own. `joint` must outlive the network.
  void Share(JointBatch& joint);

  // Moves all parameters and statistics to a device.
  void MoveTo(at::Device device);

  // Parameters and operations whose names begin with one of `prefixes` no longer change in
  // training: no gradient, no dropout, and norms use their running statistics. Throws UsageError
  // for a prefix that fits nothing.
  void Freeze(const std::vector<std::string>& prefixes);

  // From now on norms use their running statistics in training, too, which stay as they are. With
  // the batch's own, every image sees the others of its batch.
  void FixNormStatistics();

  const Graph& graph() const { return graph_; }
  NamedTensors& parameters() { return parameters_; }  // what training changes
  NamedTensors& buffers() { return buffers_; }        // running statistics

  // All of them, as float32.
  Weights ToWeights() const;

 private:
  Graph graph_;
  std::vector<bool> frozen_;  // by node
  bool fixed_norms_ = false;
  std::map<size_t, size_t>
      norm_behind_;  // of convolutions: the fixed norm that joins their filters
  NamedTensors parameters_;
  NamedTensors buffers_;
  JointBatch* joint_ = nullptr;  // null: batches are whole
};

// Copies between tensors and the values of weights.
at::Tensor ToTensor(const WeightTensor& weight);
WeightTensor ToWeight(const at::Tensor& tensor);

}  // namespace unmask
