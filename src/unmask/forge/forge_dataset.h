#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <string>
#include <vector>

#include "unmask/base/cancel.h"
#include "unmask/forge/dataset_plan.h"

namespace unmask {

struct ForgeDatasetOptions {
  std::vector<std::string> families;  // of ClipForgeries(); empty: all
  std::vector<std::string> qualities = {"raw", "c23", "c40"};
  ClipCut cut{.seconds = 10, .max_height = 720};
  uint64_t seed = 1;
  int jobs = 0;  // pairs that are forged side by side; 0: one per core

  void Validate() const;
};

struct ForgeDatasetResult {
  DatasetPlan plan;
  int64_t files = 0;            // videos that the data set has now
  int64_t new_files = 0;        // of these, those written by this call
  std::vector<LeftOut> failed;  // clips whose videos could not be made, and why
};

using DatasetProgress = std::function<void(const std::string& what, int64_t done, int64_t total)>;

// Looks at the clips, leaves out those with a face in fewer than half of their frames or in fewer
// than eight, and plans the data set. Throws Error as PlanDataset() does; a clip that cannot be
// read is left out.
DatasetPlan ScanClips(const std::vector<DatasetSource>& sources, const ForgeDatasetOptions& options,
                      const CancelToken* cancel = nullptr,
                      const DatasetProgress& progress = nullptr);

// Builds a data set of real and manipulated videos in the layout of FaceForensics++ in `folder`:
//
//   original_sequences/youtube/<quality>/videos/000.mp4
//   manipulated_sequences/<class>/<quality>/videos/000_003.mp4     target_source
//   splits/{train,val,test}.json      pairs of ids
//   clips.tsv                         id, source file, identity, split, partner
//   dataset.json                      options and plan
//
// Real and manipulated videos of a target begin with the same frames, cut and scaled, and are
// encoded alike: "raw" without loss (x264, CRF 0), "c23" and "c40" with these CRF; so neither
// length nor compression tells them apart. Sound is that of the target.
//
// May be stopped at any time: the same call goes on, and keeps the videos that are there. Throws
// Error when the folder holds something else, or was begun with other sources or options or by
// another version of the program. A clip that fails is named in the result, and the others go on.
ForgeDatasetResult ForgeDataset(const std::vector<DatasetSource>& sources,
                                const std::filesystem::path& folder,
                                const ForgeDatasetOptions& options,
                                const CancelToken* cancel = nullptr,
                                const DatasetProgress& progress = nullptr);

// Where the video of a clip lies in `folder`; `class_name` empty: the real one.
std::filesystem::path DatasetVideo(const std::filesystem::path& folder, const PlannedClip& clip,
                                   const std::string& class_name, const std::string& quality);

}  // namespace unmask
