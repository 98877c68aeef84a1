#include "unmask/study/study_data.h"

#include <algorithm>
#include <set>
#include <utility>

#include "unmask/base/error.h"
#include "unmask/base/text.h"
#include "unmask/model/sha256.h"

namespace unmask {
namespace {

namespace fs = std::filesystem;

std::set<std::string> QualitiesIn(const CropStore& store) {
  std::set<std::string> qualities;
  for (const SourceFile& file : store.files) qualities.insert(file.quality);
  return qualities;
}

std::string AlignmentOf(const CropStore& store) {
  return std::to_string(store.info.crop_size) + " pixels at scale " +
         FormatFixed(store.info.crop_scale, 2);
}

void RequireOneAlignment(const std::vector<std::shared_ptr<const CropStore>>& stores) {
  for (const auto& store : stores) {
    if (AlignmentOf(*store) == AlignmentOf(*stores.front())) continue;
    throw Error(store->path.string() + ": its crops are aligned in another way (" +
                    AlignmentOf(*store) + ") than those of " + stores.front()->path.string() +
                    " (" + AlignmentOf(*stores.front()) + ")",
                "Prepare both with the same --crop-size and --crop-scale");
  }
}

}  // namespace

StudyData OpenStudyData(const std::vector<fs::path>& paths, const StudyPlan& plan) {
  const std::vector<std::shared_ptr<const CropStore>> stores = OpenCropStores(paths);
  RequireOneAlignment(stores);
  StudyData data;
  std::set<std::string> there;
  for (const auto& store : stores) {
    for (const std::string& quality : QualitiesIn(*store)) {
      there.insert(quality.empty() ? "(none)" : quality);
      data.qualities[quality].stores.push_back(store);
    }
  }
  for (auto& [quality, part] : data.qualities) {
    std::vector<std::string> fingerprints;
    for (const auto& store : part.stores) fingerprints.push_back(store->info.fingerprint);
    std::sort(fingerprints.begin(), fingerprints.end());
    part.fingerprint = fingerprints.size() == 1
                           ? fingerprints[0]
                           : Sha256OfText(Join(fingerprints, "+")).substr(0, 16);
  }
  for (const std::string& quality : plan.qualities) {
    if (data.qualities.contains(quality)) continue;
    data.missing[quality] = "no store holds the quality " + quality +
                            "; there are: " + Join({there.begin(), there.end()}, ", ");
  }
  return data;
}

std::map<std::string, std::string> KeyFingerprints(const StudyPlan& plan, const StudyData& data) {
  std::map<std::string, std::string> fingerprints = plan.fingerprints;
  for (const auto& [quality, part] : data.qualities) {
    fingerprints.emplace(quality, part.fingerprint);
  }
  return fingerprints;
}

std::string WhatIsMissing(const StudyPlan& plan, const Cell& cell, const StudyData& data) {
  const auto part = data.qualities.find(cell.quality);
  if (part == data.qualities.end()) {
    const auto missing = data.missing.find(cell.quality);
    return missing == data.missing.end() ? "no faces of " + cell.quality + " are prepared"
                                         : missing->second;
  }
  std::set<std::pair<std::string, std::string>> there;  // class and split
  for (const auto& store : part->second.stores) {
    for (const SourceFile& file : store->files) {
      if (file.quality == cell.quality && file.faces > 0)
        there.emplace(file.class_name, file.split);
    }
  }
  std::vector<std::string> wanted = FakeClassesOf(plan, cell);
  wanted.push_back(plan.real_class);
  for (const std::string& class_name : wanted) {
    for (const char* split : {"train", "val", "test"}) {
      if (!there.contains({class_name, split})) {
        return "the class " + class_name + " has no face in " + cell.quality + ", split " + split;
      }
    }
  }
  return "";
}

}  // namespace unmask
