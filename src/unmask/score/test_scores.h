#pragma once

#include <cstdint>
#include <string>

#include "unmask/base/random.h"
#include "unmask/score/fusion.h"
#include "unmask/score/log_odds.h"

namespace unmask {

// Scores for tests: twenty videos of ten people, real and fake by turns, of two faces each, judged
// by a model that sees the difference through noise of its own.
inline ModelScores MadeUpScores(const std::string& name, double skill, uint64_t seed,
                                double noise = 1) {
  ModelScores model{.name = name, .files = {}};
  Random random(seed);
  for (int v = 0; v < 20; ++v) {
    ScoredFile& file = model.files.emplace_back();
    file.file = std::to_string(v) + ".mp4";
    file.identity = std::to_string(v / 2);
    file.label = v % 2;
    file.class_name = v % 2 == 0 ? "real" : v % 4 == 1 ? "Deepfakes" : "FaceSwap";
    file.tracks.emplace_back();
    for (int f = 0; f < 2; ++f) {
      const double margin = (file.label == 1 ? skill : -skill) + Normal(random, 0, noise);
      file.tracks[0].push_back({Sigmoid(margin), margin});
    }
  }
  return model;
}

}  // namespace unmask
