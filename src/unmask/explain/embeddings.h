#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "unmask/base/cancel.h"
#include "unmask/data/crop_store.h"
#include "unmask/detect/classifier.h"
#include "unmask/detect/store_scores.h"
#include "unmask/explain/points.h"

namespace unmask {

// Which faces of stores are looked at: the labelled files of the selection, and of their faces as
// many as asked for, spread evenly over a file (in time) and over all files, the same on every run.
struct FaceSelection {
  StoreSelection files;
  int faces_per_file = 0;    // at most; 0: all
  int64_t max_faces = 3000;  // of all files together, at most; 0: all

  void Validate() const;
};

// A face and what is known of it.
struct EmbeddedFace {
  std::string file;
  std::string class_name;  // "real" or "fake" where the store names no class
  std::string identity;
  std::string split;
  std::string quality;
  int label = 0;  // 1 fake, 0 real
  int track = 0;
  int64_t frame = 0;
  double time = 0;  // seconds
};

struct SelectedFaces {
  std::vector<EmbeddedFace> faces;
  // Where the faces lie, in the same order; store by store.
  std::vector<std::shared_ptr<const CropStore>> stores;
  std::vector<std::vector<const CropRecord*>> records;  // of each store

  int64_t available = 0;  // faces of the selected files, of which `faces` were chosen
};

// Chooses faces. Stores that hold nothing of the selection are passed over when another does.
// Throws UsageError for a class that no labelled file has and for options out of range, Error where
// no file is selected or none of those selected has a face.
SelectedFaces SelectFaces(const std::vector<std::shared_ptr<const CropStore>>& stores,
                          const FaceSelection& selection);

// What the model finds of each face before its head, a row a face (see Classifier::embeddings()).
// `progress` is called with the faces done and in all. Throws Error where the model has no such
// output, finds a value that is not finite, or the crops show less than it wants; Cancelled when
// `cancel` is set meanwhile.
Points EmbedFaces(Classifier& classifier, const SelectedFaces& faces, int threads = 0,
                  const CancelToken* cancel = nullptr, const FaceProgress& progress = nullptr);

// The features of several models as one: each row scaled to length 1 (one of zeros stays so) and
// put side by side, so that no model speaks louder than another. Throws Error where the numbers of
// rows differ.
Points FuseEmbeddings(const std::vector<Points>& embeddings);

}  // namespace unmask
