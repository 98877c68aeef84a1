#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <utility>
#include <vector>

#include "unmask/base/json.h"
#include "unmask/forge/face_clip.h"

namespace unmask {

// A real clip for a data set. `identity`: the person, by whatever name.
struct DatasetSource {
  std::filesystem::path file;
  std::string identity;
  std::string split;  // "train", "val", "test"; empty: chosen
};

struct PlannedClip {
  std::string id;  // "000"
  std::filesystem::path file;
  std::string identity;
  std::string split;
  std::string partner;  // id of the clip with which it is paired
};

struct LeftOut {
  std::filesystem::path file;
  std::string why;
};

struct DatasetPlan {
  std::vector<PlannedClip> clips;  // by id
  std::vector<LeftOut> left_out;

  // Of a split, the lower id first.
  std::vector<std::pair<std::string, std::string>> PairsOf(const std::string& split) const;
  const PlannedClip& Clip(const std::string& id) const;
};

inline constexpr const char* kDatasetSplits[] = {"train", "val", "test"};

// Divides the people among the splits (about 72, 14 and 14 of 100 clips, as FaceForensics++ does),
// where `split` does not say it, and joins the clips of a split to pairs of two people, those that
// resemble each other most first (`looks`, one a source). Clips that find no partner are left out.
// With few people val, then test, may stay empty: each needs two. The same arguments give the
// same plan. Throws Error when there is not one pair, and for a person in two splits.
DatasetPlan PlanDataset(const std::vector<DatasetSource>& sources,
                        const std::vector<FaceLook>& looks, uint64_t seed);

// "clips" and "left_out", as `forge dataset --json` prints them.
Json ToJson(const DatasetPlan& plan);

}  // namespace unmask
