#pragma once

#include <filesystem>
#include <optional>

#include "unmask/model/metadata.h"
#include "unmask/model/weights.h"

namespace unmask {

// The default model among the program's own files, for FindAsset().
inline constexpr char kDefaultModel[] = "models/unmask-lite0.onnx";

struct ModelWriteOptions {
  bool half_precision = true;  // fp16 weights with a Cast in front of each use
};

// Writes `graph` with `weights` as ONNX (opset 17), atomically. One input "images" {batch, 3, H,
// W}, an output for each of the graph's outputs (batch dynamic). Batch norms behind a convolution
// are folded into it.
void WriteModel(const std::filesystem::path& path, const Graph& graph, const Weights& weights,
                const ModelMetadata& metadata, const ModelWriteOptions& options = {});

// Writes a copy of the model `source` to `target`, atomically, that carries `metadata` in place of
// its own; the network stays as it is. Throws Error when `source` is not an ONNX file, when the
// metadata are not valid and when `target` cannot be written.
void CopyModel(const std::filesystem::path& source, const std::filesystem::path& target,
               const ModelMetadata& metadata);

struct ModelDescription {
  std::optional<ModelMetadata> metadata;  // none: an ONNX file that we did not write
  std::vector<std::string> inputs;
  std::vector<std::string> outputs;
  std::string sha256;  // of the file, hexadecimal
};

// Reads names and metadata without loading a runtime. Throws Error when it is not an ONNX file.
ModelDescription DescribeModel(const std::filesystem::path& path);

}  // namespace unmask
