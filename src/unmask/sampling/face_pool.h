#pragma once

#include <cstdint>
#include <string>
#include <unordered_map>
#include <vector>

#include "unmask/data/crop_store.h"

namespace unmask {

// A face of a store.
struct StoredFace {
  const CropStore* store = nullptr;
  const CropRecord* record = nullptr;
};

// The `index`-th of a random order of 0 … count − 1 that `seed` fixes, without storing the order:
// a Feistel network over the next power of four, walked until it falls below `count` (Black and
// Rogaway 2002).
int64_t ShuffledIndex(int64_t index, int64_t count, uint64_t seed);

// Faces to draw from. An epoch passes once over at most `faces_per_video` faces of every video, in
// a new order each time: the faces lie spread over the video's time, and following epochs take
// others, until each has had its turn. Holds 16 bytes a face.
class FacePool {
 public:
  // `faces_per_video` 0: all. The order of the stores counts, that of a store's faces does not. The
  // stores must outlive the pool.
  FacePool(std::vector<StoredFace> faces, int64_t faces_per_video);

  int64_t faces() const { return static_cast<int64_t>(faces_.size()); }
  int64_t faces_per_epoch() const { return faces_per_epoch_; }

  // All faces by store, video and time: an order that does not depend on that within the stores.
  const std::vector<StoredFace>& all() const { return faces_; }

  // Number `index` ≥ 0 of the endless stream that `seed` fixes. The pool must not be empty.
  const StoredFace& Draw(int64_t index, uint64_t seed) const;

  // Of the identity's videos the one that `pick` chooses, and there the face nearest in time; null
  // where the pool has none of this identity.
  const StoredFace* NearestOf(const std::string& identity, double time, uint64_t pick) const;

 private:
  struct Video {
    int64_t begin, end;  // of its faces, which are sorted by time
    int64_t slot;        // of its first face in an epoch
  };
  int64_t faces_per_video_;
  int64_t faces_per_epoch_ = 0;
  std::vector<StoredFace> faces_;
  std::vector<Video> videos_;
  std::unordered_map<std::string, std::vector<int64_t>> videos_of_;  // by identity
};

}  // namespace unmask
