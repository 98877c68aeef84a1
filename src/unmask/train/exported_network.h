#pragma once

#include <ATen/core/Tensor.h>

#include <filesystem>
#include <string>
#include <vector>

#include "unmask/graph/graph.h"
#include "unmask/model/metadata.h"
#include "unmask/nn/network.h"

namespace unmask {

// A model that `unmask train` wrote, backbone and head, as a network that can be differentiated.
class ExportedNetwork {
 public:
  // Reads the weights of `model`, which computes in the new network what it does in the file.
  // Throws Error naming the file when it was not trained here or its weights do not fit its
  // metadata, and UsageError when `layer` is none that layers() gives or that lies in one of these.
  ExportedNetwork(const std::filesystem::path& model, const std::string& layer);

  const ModelMetadata& metadata() const { return metadata_; }

  // Height and width of the layer's map.
  int64_t height() const;
  int64_t width() const;

  // For images {batch, 3, H, W} as metadata() wants them prepared. Differentiable.
  struct Outputs {
    at::Tensor logits;  // {batch, classes}
    at::Tensor layer;   // {batch, C, height(), width()}
  };
  Outputs Forward(const at::Tensor& images);

  // The Grad-CAM of the layer, {batch, height(), width()}, by automatic differentiation. `target`:
  // "margin" (z_fake − log Σ e^(z_other)), "fake" (z_fake) or "real" (log Σ e^(z_other)).
  at::Tensor Maps(const at::Tensor& images, const std::string& target, bool plus_plus);

 private:
  Network MakeNetwork(const std::filesystem::path& model, const std::string& layer);

  ModelMetadata metadata_;
  Network network_;
};

// Layers of a backbone whose output is a map of more than one place, in the order of evaluation:
// its blocks ("blocks.2.0"), what stands outside of blocks ("conv_stem"), and "features", the map
// that is pooled.
std::vector<std::string> LayersOf(const Graph& graph);

// The node whose output is that of the layer: of a block the last one, of anything inside, named in
// full, that one; behind the activation or addition that follows. Throws UsageError suggesting the
// nearest layer.
int FindLayer(const Graph& graph, const std::string& layer);

}  // namespace unmask
