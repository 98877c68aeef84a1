#pragma once

#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "unmask/base/cancel.h"
#include "unmask/data/crop_store.h"
#include "unmask/study/cell.h"

namespace unmask {

// The stores of a study, by quality.
struct StudyData {
  struct Quality {
    std::vector<std::shared_ptr<const CropStore>> stores;  // those with a file of this quality
    std::string fingerprint;                               // of their contents, together
  };
  std::map<std::string, Quality> qualities;
  // Why a quality of the plan is not there: "c40: …".
  std::map<std::string, std::string> missing;
};

// Opens the stores. A quality that none of them holds is noted in `missing`. Throws Error when one
// cannot be read and when two of them differ in alignment (size or scale of the crops): their faces
// would differ by more than the compression.
StudyData OpenStudyData(const std::vector<std::filesystem::path>& stores, const StudyPlan& plan);

// The fingerprints that the keys of cells are made of: those that the plan names, else those of the
// stores.
std::map<std::string, std::string> KeyFingerprints(const StudyPlan& plan, const StudyData& data);

// Why the cell cannot be done on this data, "" when it can: every one of its classes and the real
// one needs a face in the splits train, val and test.
std::string WhatIsMissing(const StudyPlan& plan, const Cell& cell, const StudyData& data);

}  // namespace unmask
