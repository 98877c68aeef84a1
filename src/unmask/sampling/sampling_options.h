#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace unmask {

// A named choice, for --help.
struct Choice {
  std::string_view name;
  std::string_view summary;
};

// Which faces of the stores a run sees, and in what proportions.
struct SamplingOptions {
  // Classes as the stores name them ("Deepfakes", "real"). Of a label of which none is named, all
  // are taken, so that naming a manipulation keeps the real faces.
  std::vector<std::string> classes;
  std::string quality;             // "c23": faces of this quality alone; empty: all
  int64_t frames_per_video = 0;    // faces of a video in an epoch, at most; 0: all
  std::string balance = "labels";  // a row of Balances()
  std::string pairing = "random";  // a row of Pairings()

  // Throws UsageError suggesting the nearest name.
  void Validate() const;
};

// labels, classes, none.
std::span<const Choice> Balances();

// random, identity.
std::span<const Choice> Pairings();

}  // namespace unmask
