#pragma once

// For tests: networks that stand for trained autoencoders.

#include <cstdlib>
#include <filesystem>
#include <string>
#include <utility>

#include "unmask/backbones/autoencoder.h"
#include "unmask/base/temporary_folder.h"
#include "unmask/model/model_file.h"

namespace unmask {

// Writes a network without weights that loses what is finer than `factor` pixels; 1 loses nothing.
inline void WriteTestAutoencoder(const std::filesystem::path& path, int64_t factor,
                                 Interpolation interpolation = Interpolation::kNearest) {
  GraphBuilder graph;
  int x = graph.AddInput(3, kAutoencoderSize, kAutoencoderSize);
  x = graph.AddNode(Pool2d{.maximum = false, .kernel = factor, .stride = factor}, {x});
  x = graph.AddNode(Upsample{.factor = factor, .interpolation = interpolation}, {x});
  graph.SetOutput("reconstruction", x);
  WriteModel(path, std::move(graph).Build(), {}, {.output = "reconstruction"});
}

// From now on Autoencoders::Installed() are two such networks. Call it before they are looked up.
inline void UseTestAutoencoders() {
  static const TemporaryFolder folder;
  static const bool once = [] {
    WriteTestAutoencoder(folder.path() / "blocks.onnx", 8);
    WriteTestAutoencoder(folder.path() / "smooth.onnx", 4, Interpolation::kBilinear);
    return setenv("UNMASK_AUTOENCODERS", folder.path().c_str(), /*overwrite=*/1) == 0;
  }();
  static_cast<void>(once);
}

}  // namespace unmask
