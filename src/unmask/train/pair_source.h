#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "unmask/data/augment.h"
#include "unmask/data/crop_store.h"
#include "unmask/forge/registry.h"
#include "unmask/train/options.h"

namespace unmask {

// An endless numbered stream of pairs of a real and a fake face, ready for the network's size.
//
// Pair `i` depends on the stores, the options and (seed, i) alone, so that any thread can make any
// pair and a resumed run sees what an uninterrupted one would have seen. Thread-safe.
class PairSource {
 public:
  struct Options {
    std::string split = "train";
    std::string forgery = "self-blend";  // "none": fakes are drawn from the stores
    AugmentOptions augment;              // input_scale is taken from the stores
    uint64_t seed = 1;
  };

  // `stores` must share crop size and scale. Throws Error when the split has no real faces, or no
  // fake ones where they are needed.
  PairSource(std::vector<std::shared_ptr<const CropStore>> stores, const Options& options);

  struct Pair {
    Image real, fake;
  };
  Pair Make(int64_t index) const;

  int64_t real_faces() const { return static_cast<int64_t>(real_.size()); }
  int64_t fake_faces() const { return static_cast<int64_t>(fake_.size()); }

 private:
  struct Entry {
    const CropStore* store;
    const CropRecord* record;
  };
  // The entry that number `index` falls to: every round passes once over all in a new order.
  const Entry& Draw(const std::vector<Entry>& entries, const char* name, int64_t index) const;

  std::vector<std::shared_ptr<const CropStore>> stores_;
  Options options_;
  const Forgery* forgery_ = nullptr;
  std::vector<Entry> real_;
  std::vector<Entry> fake_;
};

// The stream of a run for one of its splits, degraded by `strength` (0 … 1).
PairSource::Options SourceOptions(const TrainOptions& options, const char* split, double strength);

// Opens stores and checks that they fit each other and that no identity is in two splits. Throws
// Error naming the store.
std::vector<std::shared_ptr<const CropStore>> OpenStores(
    const std::vector<std::filesystem::path>& folders);

}  // namespace unmask
