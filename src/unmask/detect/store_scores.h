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

// Which files of a store are judged.
struct StoreSelection {
  std::string split = "test";        // empty: all
  std::vector<std::string> classes;  // empty: all
  std::string quality;               // empty: all
};

// The labelled files of the store that are selected, without scores, in the store's order; those
// without a face and unreadable ones included. Throws Error where none is selected, naming the
// splits (or the classes) that there are.
std::vector<ScoredFile> SelectFiles(const CropStore& store, const StoreSelection& selection);

// Classifies every crop of the selected files: what SelectFiles() gives, with scores. A stored crop
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
