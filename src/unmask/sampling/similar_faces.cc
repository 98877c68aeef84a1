#include "unmask/sampling/similar_faces.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <nanoflann.hpp>
#include <unordered_map>
#include <utility>
#include <vector>

#include "unmask/base/error.h"

namespace unmask {
namespace {

// The search passes over cells of the tree that could hold only slightly nearer faces: of 100,000
// synthetic ones the hundred found are less than a thousandth farther away than the nearest, and
// the search takes a third of the time.
constexpr float kTolerance = 3;

// Landmarks of the face mesh: outline, brows, eyes and lids, nose, lips.
constexpr int kLandmarks[] = {10, 284, 454, 397, 152, 172, 234, 54, 70,  105, 107, 336, 334, 300,
                              33, 159, 145, 263, 386, 374, 1,   98, 327, 61,  291, 13,  14};
constexpr size_t kDimensions = 2 * std::size(kLandmarks);
using Descriptor = std::array<float, kDimensions>;

Descriptor Describe(std::span<const Point> mesh) {
  if (mesh.size() != kMeshSize) throw Error("similar faces need all landmarks of the mesh");
  double x = 0, y = 0, square = 0;
  for (const int i : kLandmarks) {
    const Point& p = mesh[static_cast<size_t>(i)];
    x += p.x / std::size(kLandmarks);
    y += p.y / std::size(kLandmarks);
  }
  for (const int i : kLandmarks) {
    const Point& p = mesh[static_cast<size_t>(i)];
    square += ((p.x - x) * (p.x - x) + (p.y - y) * (p.y - y)) / std::size(kLandmarks);
  }
  const double unit = std::sqrt(std::max(square, 1e-12));
  Descriptor descriptor{};
  for (size_t k = 0; k < std::size(kLandmarks); ++k) {
    const Point& p = mesh[static_cast<size_t>(kLandmarks[k])];
    descriptor[2 * k] = static_cast<float>((p.x - x) / unit);
    descriptor[2 * k + 1] = static_cast<float>((p.y - y) / unit);
  }
  // Landmarks that are no numbers are like nobody's.
  for (float& value : descriptor) value = std::isfinite(value) ? value : 0;
  return descriptor;
}

// The descriptors as nanoflann wants to see them.
struct Adaptor {
  const std::vector<Descriptor>& descriptors;

  size_t kdtree_get_point_count() const { return descriptors.size(); }
  float kdtree_get_pt(size_t index, size_t dimension) const {
    return descriptors[index][dimension];
  }
  template <typename Bounds>
  bool kdtree_get_bbox(Bounds&) const {
    return false;  // it may find it itself
  }
};
using Tree = nanoflann::KDTreeSingleIndexAdaptor<nanoflann::L2_Adaptor<float, Adaptor>, Adaptor,
                                                 static_cast<int>(kDimensions), uint32_t>;

// What a search of the tree fills: the nearest faces of other identities.
class NearestOfOthers {
 public:
  NearestOfOthers(size_t capacity, uint32_t identity, const std::vector<uint32_t>& identities)
      : capacity_(capacity), identity_(identity), identities_(identities) {}

  // Asked by the tree, with its names.
  bool full() const { return heap_.size() == capacity_; }
  float worstDist() const {
    return full() ? heap_.front().first : std::numeric_limits<float>::max();
  }
  bool addPoint(float distance, uint32_t face) {
    if (identities_[face] == identity_) return true;
    if (full()) {
      if (std::pair(distance, face) >= heap_.front()) return true;
      std::pop_heap(heap_.begin(), heap_.end());
      heap_.pop_back();
    }
    heap_.emplace_back(distance, face);
    std::push_heap(heap_.begin(), heap_.end());
    return true;  // go on
  }

  // Face numbers, the nearest first.
  std::vector<uint32_t> Sorted() {
    std::sort_heap(heap_.begin(), heap_.end());
    std::vector<uint32_t> faces;
    faces.reserve(heap_.size());
    for (const auto& [distance, face] : heap_) faces.push_back(face);
    return faces;
  }

 private:
  const size_t capacity_;
  const uint32_t identity_;
  const std::vector<uint32_t>& identities_;
  std::vector<std::pair<float, uint32_t>> heap_;  // the worst at the front
};

}  // namespace

struct SimilarFaces::Index {
  explicit Index(std::span<const StoredFace> faces_in)
      : faces(faces_in.begin(), faces_in.end()),
        adaptor{descriptors},
        tree(static_cast<int>(kDimensions), adaptor,
             nanoflann::KDTreeSingleIndexAdaptorParams(
                 16, nanoflann::KDTreeSingleIndexAdaptorFlags::SkipInitialBuildIndex)) {
    descriptors.reserve(faces.size());
    for (const StoredFace& face : faces) {
      descriptors.push_back(Describe(face.store->MeshInCrop(*face.record)));
      const auto number = static_cast<uint32_t>(counts.size());
      const auto [known, is_new] = numbers.emplace(face.record->identity, number);
      if (is_new) counts.push_back(0);
      ++counts[known->second];
      identities.push_back(known->second);
    }
    if (counts.size() < 2) {
      const std::string where = faces.empty() ? ""
                                              : faces[0].store->path.string() + ": of the split '" +
                                                    faces[0].record->split + "' ";
      throw Error(where + "all real faces are of one person, and none can lend another its face",
                  "Prepare videos of more people, or choose forgeries that need no other face "
                  "(all but cross-blend)");
    }
    tree.buildIndex();
  }

  std::vector<StoredFace> faces;
  std::vector<Descriptor> descriptors;
  std::vector<uint32_t> identities;                   // of each face, as a number
  std::unordered_map<std::string, uint32_t> numbers;  // of the identities
  std::vector<size_t> counts;                         // faces of each
  Adaptor adaptor;
  Tree tree;
};

SimilarFaces::SimilarFaces(std::span<const StoredFace> faces)
    : index_(std::make_unique<Index>(faces)) {}
SimilarFaces::SimilarFaces(SimilarFaces&&) noexcept = default;
SimilarFaces::~SimilarFaces() = default;

const StoredFace& SimilarFaces::Draw(std::span<const Point> mesh, const std::string& identity,
                                     Random& random) const {
  const auto known = index_->numbers.find(identity);
  const bool is_known = known != index_->numbers.end();
  const uint32_t number = is_known ? known->second : std::numeric_limits<uint32_t>::max();
  const size_t others = index_->faces.size() - (is_known ? index_->counts[number] : 0);
  const size_t candidates = std::min(others, std::clamp<size_t>(others / 10, 5, kMostCandidates));
  NearestOfOthers nearest(candidates, number, index_->identities);
  index_->tree.findNeighbors(nearest, Describe(mesh).data(),
                             nanoflann::SearchParams(32, kTolerance));
  const std::vector<uint32_t> found = nearest.Sorted();
  return index_
      ->faces[found[static_cast<size_t>(UniformInt(random, static_cast<int64_t>(found.size())))]];
}

}  // namespace unmask
