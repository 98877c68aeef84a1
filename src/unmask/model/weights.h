#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include "unmask/graph/graph.h"

namespace unmask {

// One parameter's values, row-major float32 whatever the file stored.
struct WeightTensor {
  Shape shape;
  std::vector<float> values;
};

using Weights = std::map<std::string, WeightTensor>;

// Reads F32, F16, BF16 (others such as I64 counters are passed over) from a safetensors file. The
// header is not trusted: lengths, overlaps and ranges are checked. Throws Error naming the file and
// the tensor.
Weights ReadSafetensors(const std::filesystem::path& path);

// Writes F32, atomically, with `metadata` in "__metadata__".
void WriteSafetensors(const std::filesystem::path& path, const Weights& weights,
                      const std::map<std::string, std::string>& metadata = {});

// Throws Error listing what is missing, left over or of the wrong shape, unless `weights` fit the
// parameters of `graph`. Names that start with one of `optional_prefixes` may be missing or left
// over (a classifier of another task).
void CheckWeightsFit(const Graph& graph, const Weights& weights,
                     const std::vector<std::string>& optional_prefixes = {});

}  // namespace unmask
