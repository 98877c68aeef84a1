#pragma once

// For tests: a model that looks for one thing, so that the right explanation is known.

#include <cmath>
#include <filesystem>
#include <numeric>

#include "unmask/base/random.h"
#include "unmask/explain/grad_cam.h"
#include "unmask/media/image.h"
#include "unmask/model/model_file.h"

namespace unmask {

inline constexpr int kPlantedSize = 64;
inline constexpr int kPlantedCells = 8;  // of its feature map, each way

// Fake is who has green patches: one channel of the features is green less red, the other the
// brightness, which speaks for real. With `seed` > 0 all weights are random instead.
inline void WritePlantedModel(const std::filesystem::path& path, uint64_t seed = 0) {
  constexpr int kSide = kPlantedSize / kPlantedCells;
  GraphBuilder builder;
  const int image = builder.AddInput(3, kPlantedSize, kPlantedSize);
  const int cells =
      builder.AddNode(Pool2d{.maximum = false, .kernel = kSide, .stride = kSide}, {image});
  const int features = builder.AddNode(
      Activation::kRelu,
      {builder.AddNode(Conv2d{.out_channels = 2, .kernel = 1, .bias = true}, {cells}, "conv")});
  const int embedding = builder.AddNode(GlobalAveragePool{}, {features});
  builder.SetOutput("features", features);
  builder.SetOutput("embedding", embedding);
  builder.SetOutput("logits", builder.AddNode(Linear{.out_features = 2}, {embedding}, "head"));
  Weights weights = {{"conv.weight", {{2, 3, 1, 1}, {-1, 1, 0, 0.3f, 0.3f, 0.3f}}},
                     {"conv.bias", {{2}, {-0.3f, 0.5f}}},
                     {"head.weight", {{2, 2}, {0, 1, 60, 0}}},
                     {"head.bias", {{2}, {0, -1}}}};
  Random random(seed);
  for (auto& [name, tensor] : weights) {
    for (float& value : tensor.values) {
      if (seed > 0) value = static_cast<float>(Normal(random, 0, 1));
    }
  }
  ModelMetadata metadata;
  metadata.name = "planted";
  metadata.input_width = metadata.input_height = kPlantedSize;
  WriteModel(path, std::move(builder).Build(), weights, metadata, {.half_precision = false});
}

// Grey noise; with a green patch two cells wide whose upper left cell is the one given.
inline Image PlantedCrop(int column, int row) {
  constexpr int kSide = kPlantedSize / kPlantedCells;
  Image crop(kPlantedSize, kPlantedSize);
  Random random(9);
  for (int y = 0; y < crop.height; ++y) {
    for (int x = 0; x < crop.width; ++x) {
      uint8_t* pixel = crop.row(y) + 3 * static_cast<ptrdiff_t>(x);
      const auto grey = static_cast<uint8_t>(100 + UniformInt(random, 60));
      for (int c = 0; c < 3; ++c) pixel[c] = grey;
      const bool in = x >= column * kSide && x < (column + 2) * kSide && y >= row * kSide &&
                      y < (row + 2) * kSide;
      if (in) pixel[1] = 255;
      if (in) pixel[0] = 40;
    }
  }
  return crop;
}

// Pearson's, of the values of two maps of one size; 0 where one of them is constant.
inline double CorrelationOf(const HeatMap& a, const HeatMap& b) {
  const auto n = static_cast<double>(a.values.size());
  const double mean_a = std::accumulate(a.values.begin(), a.values.end(), 0.0) / n;
  const double mean_b = std::accumulate(b.values.begin(), b.values.end(), 0.0) / n;
  double ab = 0, aa = 0, bb = 0;
  for (size_t i = 0; i < a.values.size(); ++i) {
    const double x = a.values[i] - mean_a, y = b.values[i] - mean_b;
    ab += x * y;
    aa += x * x;
    bb += y * y;
  }
  return aa > 0 && bb > 0 ? ab / std::sqrt(aa * bb) : 0;
}

}  // namespace unmask
