#include "unmask/sampling/face_pool.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <tuple>
#include <unordered_map>
#include <utility>

#include "unmask/base/random.h"

namespace unmask {
namespace {

auto OrderInStore(const CropRecord& r) { return std::tie(r.source, r.face.time, r.track, r.id); }

// By store, in the order in which the stores come: their names must not matter. Within a store by
// video and time.
void Sort(std::vector<StoredFace>& faces) {
  std::unordered_map<const CropStore*, size_t> places;
  for (const StoredFace& face : faces) places.emplace(face.store, places.size());
  std::sort(faces.begin(), faces.end(), [&](const StoredFace& a, const StoredFace& b) {
    if (a.store != b.store) return places.at(a.store) < places.at(b.store);
    return OrderInStore(*a.record) < OrderInStore(*b.record);
  });
}

bool SameVideo(const StoredFace& a, const StoredFace& b) {
  return a.store == b.store && a.record->source == b.record->source;
}

}  // namespace

int64_t ShuffledIndex(int64_t index, int64_t count, uint64_t seed) {
  const int half =
      std::max(1, (static_cast<int>(std::bit_width(static_cast<uint64_t>(count - 1))) + 1) / 2);
  const uint64_t mask = (uint64_t{1} << half) - 1;
  auto value = static_cast<uint64_t>(index);
  do {
    uint64_t left = value >> half, right = value & mask;
    for (uint64_t round = 0; round < 6; ++round) {
      left ^= DeriveSeed(seed, "round", (right << 3) | round) & mask;
      std::swap(left, right);
    }
    value = left << half | right;
  } while (value >= static_cast<uint64_t>(count));
  return static_cast<int64_t>(value);
}

FacePool::FacePool(std::vector<StoredFace> faces, int64_t faces_per_video)
    : faces_per_video_(faces_per_video), faces_(std::move(faces)) {
  Sort(faces_);
  for (int64_t begin = 0, end = 0; begin < this->faces(); begin = end) {
    while (end < this->faces() && SameVideo(faces_[begin], faces_[end])) ++end;
    videos_of_[faces_[begin].record->identity].push_back(static_cast<int64_t>(videos_.size()));
    videos_.push_back({begin, end, faces_per_epoch_});
    faces_per_epoch_ += faces_per_video > 0 ? std::min(faces_per_video, end - begin) : end - begin;
  }
}

const StoredFace& FacePool::Draw(int64_t index, uint64_t seed) const {
  const int64_t epoch = index / faces_per_epoch_;
  const int64_t slot = ShuffledIndex(index % faces_per_epoch_, faces_per_epoch_,
                                     DeriveSeed(seed, "epoch", static_cast<uint64_t>(epoch)));
  const Video& video = *std::prev(std::upper_bound(
      videos_.begin(), videos_.end(), slot, [](int64_t s, const Video& v) { return s < v.slot; }));
  const int64_t faces = video.end - video.begin, part = slot - video.slot;
  if (faces_per_video_ == 0 || faces <= faces_per_video_) return faces_[video.begin + part];
  // The video in as many parts as faces are wanted: from each part one, in later epochs the next.
  const int64_t first = part * faces / faces_per_video_;
  const int64_t count = (part + 1) * faces / faces_per_video_ - first;
  const uint64_t start = DeriveSeed(seed, "part", static_cast<uint64_t>(slot)) >> 1;
  return faces_[video.begin + first +
                static_cast<int64_t>((start + static_cast<uint64_t>(epoch)) %
                                     static_cast<uint64_t>(count))];
}

const StoredFace* FacePool::NearestOf(const std::string& identity, double time,
                                      uint64_t pick) const {
  const auto found = videos_of_.find(identity);
  if (found == videos_of_.end()) return nullptr;
  const Video& video = videos_[found->second[pick % found->second.size()]];
  const auto begin = faces_.begin() + video.begin, end = faces_.begin() + video.end;
  const auto distance = [time](const StoredFace& f) {
    return std::fabs(f.record->face.time - time);
  };
  return &*std::min_element(begin, end, [&](const StoredFace& a, const StoredFace& b) {
    return distance(a) < distance(b);
  });
}

}  // namespace unmask
