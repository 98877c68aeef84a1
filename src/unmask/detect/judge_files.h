#pragma once

#include <cstddef>
#include <filesystem>
#include <functional>
#include <memory>
#include <mutex>
#include <span>
#include <vector>

#include "unmask/base/cancel.h"
#include "unmask/detect/detector.h"

namespace unmask {

// Judges files side by side, so that short ones, too, keep every core at work. Each job has
// networks of its own, which it loads once; one that cannot load them leaves its work to the
// others.
class FileJudge {
 public:
  // Loads the networks of the first job. `options.threads` are shared out among the jobs. `jobs`:
  // files at a time, 0: as many as threads; never more than `files`, the number of those to come.
  // Throws Error as Detector does.
  FileJudge(const DetectorOptions& options, int jobs, size_t files);
  ~FileJudge();

  int jobs() const { return jobs_; }
  int threads() const { return options_.threads; }  // of a job
  const DetectionSettings& settings() const;

  // Called one at a time: `progress` with the number of a file and the seconds of it that are done
  // and there are in all (0: unknown), `done` with the verdict on it.
  using Progress = std::function<void(size_t file, double done, double total)>;
  using Done = std::function<void(size_t file, Verdict verdict)>;

  // Judges each of the files, in whatever order. The verdicts are those of Detector::TryJudge(),
  // whatever the number of jobs. Throws Cancelled, and what `done` throws, which ends the work on
  // every file.
  void Judge(std::span<const std::filesystem::path> files, const CancelToken* cancel,
             const Progress& progress, const Done& done);

 private:
  std::shared_ptr<Detector> TakeDetector();  // none where all are in use and no more can be made

  DetectorOptions options_;
  int jobs_ = 1;
  DetectionSettings settings_;
  std::mutex mutex_;
  std::vector<std::shared_ptr<Detector>> detectors_;
};

}  // namespace unmask
