#pragma once

#include <array>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "unmask/data/crop_store.h"
#include "unmask/forge/registry.h"
#include "unmask/sampling/augment.h"

namespace unmask {

// A face as the network will see it.
struct Sample {
  Image image;
  int label = 0;  // 1 = fake
};

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

  // A real and a fake face, in this order.
  using Pair = std::array<Sample, 2>;
  Pair Make(int64_t index) const;

  // Pairs after which every real face was drawn once.
  int64_t pairs_per_epoch() const { return real_faces(); }
  int output_size() const { return options_.augment.output_size; }  // pixels
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

// Opens stores and checks that they fit each other and that no identity is in two splits. Throws
// Error naming the store.
std::vector<std::shared_ptr<const CropStore>> OpenStores(
    const std::vector<std::filesystem::path>& folders);

}  // namespace unmask
