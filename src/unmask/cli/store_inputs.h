#pragma once

#include <memory>
#include <string>
#include <vector>

#include "unmask/data/crop_store.h"
#include "unmask/detect/classifier.h"
#include "unmask/detect/store_scores.h"

namespace unmask {

// What commands that judge the faces of stores share.

using CropStores = std::vector<std::shared_ptr<const CropStore>>;  // of OpenCropStores()

// The labelled files of all stores, without scores.
std::vector<ScoredFile> LabelledFiles(const CropStores& stores);

// Throws before time is spent: UsageError for a class that no file has, Error for one whose files
// differ in label, which has no accuracy.
void CheckClasses(const std::vector<std::string>& wanted, const std::vector<ScoredFile>& files);

// The stores that hold a labelled file of the selection; the others are named in a note. Throws
// Error as SelectFiles() does where none does.
CropStores StoresWith(const CropStores& stores, const StoreSelection& selection);

// Classifies the faces of the selection in stores of StoresWith(), with progress. Throws Error as
// ScoreStore() does.
std::vector<ScoredFile> ScoreFaces(Classifier& classifier, const CropStores& stores,
                                   const StoreSelection& selection, int threads,
                                   const std::string& label);

// Files of the selected split that have no label.
int64_t CountUnlabelled(const CropStores& stores, const StoreSelection& selection);

}  // namespace unmask
