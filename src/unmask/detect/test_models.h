#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "unmask/model/metadata.h"

namespace unmask {

// Models for tests. The logits of this one are a linear function of the crop's mean colour (of the
// prepared input), so that what comes out can be computed by hand. `weight`: one row of three per
// logit, `bias`: one per logit. Written to `path`.
void WriteMeanColourModel(const std::filesystem::path& path, const ModelMetadata& metadata,
                          const std::vector<float>& weight, const std::vector<float>& bias);

// EfficientNet-Lite0 with made-up weights at a small input size: every layer of a real model.
void WriteMadeUpLite0(const std::filesystem::path& path, int input_size);

// What a model of another program may look like.
struct ForeignChanges {
  bool keep_metadata = false;
  std::string output_name;           // of the first output; empty: as it is
  std::vector<int64_t> input_shape;  // -1: open; empty: as it is
  std::string second_output;         // name of a second output, minus the first; empty: none
  bool second_input = false;
};

// Changes a written model in place.
void MakeForeign(const std::filesystem::path& path, const ForeignChanges& changes);

}  // namespace unmask
