#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "unmask/base/cancel.h"
#include "unmask/data/crop_store.h"
#include "unmask/detect/classifier.h"
#include "unmask/score/dataset_evaluation.h"

namespace unmask {

// Which files of a store are judged, and how they are changed before.
struct StoreSelection {
  std::string split = "test";        // empty: all
  std::vector<std::string> classes;  // empty: all
  std::string quality;               // empty: all
  // In place of each real file, a pair of it and its copy forged by each of these (see Forgery),
  // which is of the class of that name. The real half may be changed, too: then only the
  // manipulation tells the halves apart.
  std::vector<std::string> forgeries;
  // All crops are scaled down until the face has so many pixels, by FaceSize(), and up again: none
  // shows more detail than that. 0: none is; else no more than faces have in the store.
  int face_size = 0;
  int crf = -1;       // all crops go through x264 at this CRF; negative: none does
  uint64_t seed = 1;  // of the forged copies
};

// The labelled files of the store that are selected, without scores, in the store's order; those
// without a face and unreadable ones included. Throws Error where none is selected, naming the
// splits (or the classes) that there are.
std::vector<ScoredFile> SelectFiles(const CropStore& store, const StoreSelection& selection);

// Classifies every crop of the selected files: what SelectFiles() gives, with scores, or the copies
// that `forgeries` ask for. A stored crop
// is cut down to the face scale and the size that the classifier wants; from pixels stored once,
// not from the video's, so scores differ by some hundredths from those of `detect`. `threads` read
// crops beside the classifier, 0: one per core. The scores depend neither on it nor on the batch.
// `progress` is called with the faces done and in all. Throws Error when the store's crops show
// less of the face than the classifier wants and for a crop that cannot be read; Cancelled when
// `cancel` is set meanwhile.
using FaceProgress = std::function<void(int64_t done, int64_t total)>;
std::vector<ScoredFile> ScoreStore(Classifier& classifier, const CropStore& store,
                                   const StoreSelection& selection, int threads = 0,
                                   const CancelToken* cancel = nullptr,
                                   const FaceProgress& progress = nullptr);

}  // namespace unmask
