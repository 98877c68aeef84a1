#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <map>
#include <string>
#include <vector>

#include "unmask/base/cancel.h"
#include "unmask/detect/detector.h"
#include "unmask/robustness/excerpt.h"
#include "unmask/robustness/results.h"

namespace unmask {

// A labelled file.
struct RobustnessFile {
  std::filesystem::path file;
  std::string identity;                                // files that share one show one person
  int label = 0;                                       // 1 fake, 0 real
  std::map<std::string, std::string> attributes = {};  // "sex" → "female"
};

struct RobustnessOptions {
  DetectorOptions detector;             // its threads are shared out among the jobs
  std::vector<std::string> conditions;  // names; empty: all
  std::vector<std::string> forgeries;   // by which forged copies of the real files are made
  ExcerptOptions excerpt;
  uint64_t seed = 1;
  int jobs = 0;  // files at a time; 0: one per core, at most 8. The results are the same

  void Validate() const;  // throws UsageError
};

struct FailedFile {
  std::filesystem::path file;
  std::string why;
};

struct RobustnessRun {
  std::vector<RobustnessRecord> records;  // of what was asked for, earlier runs' included
  std::vector<FailedFile> failed;         // not, or not wholly measured; the next run tries again
  DetectionSettings settings;
  std::string forgery_means;  // what the forgeries need besides faces, see ForgeryMix::Means()
  int64_t measured = 0;       // records that are new
};

// Judges every file undisturbed and in every condition at every level, and appends what comes out
// to results.jsonl in `folder`, which is made. What is there already is not measured again; a run
// that was stopped goes on so. Conditions and forgeries may differ between runs, other options may
// not, nor may what a forgery needs. Throws Error as RobustnessResults does and when the folder
// cannot be made; Cancelled when `cancel` is set meanwhile.
//
// `progress` is called with the measurements done and in all, and a file's name; by one thread at
// a time.
RobustnessRun MeasureRobustness(
    const std::vector<RobustnessFile>& files, const std::filesystem::path& folder,
    const RobustnessOptions& options, const CancelToken* cancel = nullptr,
    const std::function<void(int64_t, int64_t, const std::string&)>& progress = nullptr);

}  // namespace unmask
