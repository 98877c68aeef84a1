#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>

#include "unmask/base/random.h"
#include "unmask/sampling/face_pool.h"

namespace unmask {

// For a face those of other people that are nearest to it by their landmarks: alike in pose, shape
// and expression, as a face that is to be blended into another should be (Li et al., "Face X-ray",
// CVPR 2020, take one of the 100 nearest).
//
// Two faces are compared by the places of some fifty coordinates of the mesh within the aligned
// crop, relative to their middle and spread. Holds 230 bytes a face. Thread-safe.
class SimilarFaces {
 public:
  static constexpr size_t kMostCandidates = 100;

  // Reads the landmarks of all faces. The stores must outlive this. Throws Error where all faces
  // are of one identity.
  explicit SimilarFaces(std::span<const StoredFace> faces);
  SimilarFaces(SimilarFaces&&) noexcept;
  ~SimilarFaces();

  // One of the nearest faces of other identities than `identity`, each with equal chance: of a
  // tenth of them, at least 5 and at most 100. `mesh`: kMeshSize landmarks in an aligned crop, of
  // any size.
  const StoredFace& Draw(std::span<const Point> mesh, const std::string& identity,
                         Random& random) const;

 private:
  struct Index;
  std::unique_ptr<const Index> index_;
};

}  // namespace unmask
