#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "unmask/base/error.h"
#include "unmask/robustness/condition.h"
#include "unmask/robustness/measure.h"

namespace unmask {

// A file of the list, or its copy by a forgery.
struct MeasuredFile {
  size_t index = 0;  // in the list
  std::string forgery;
};

// The records that are to be measured of a file, with all but the outcome filled in: undisturbed
// first, then by condition and level.
std::vector<RobustnessRecord> RecordsOf(const RobustnessFile& file, const std::string& forgery,
                                        std::span<const Condition* const> conditions);

// Measures files one after another with networks of its own.
class FileMeasurer {
 public:
  // `files` and `options` must outlive it. `options.detector` is taken as it is.
  FileMeasurer(const std::vector<RobustnessFile>& files, const RobustnessOptions& options,
               const CancelToken* cancel);

  // Fills in the outcomes of `records`, which are of one file, and calls `done` with each. Throws
  // Error where the file cannot be read; where something else fails only behind the other records,
  // naming the first that failed. `done` is not called with those.
  void Measure(const MeasuredFile& file, std::vector<RobustnessRecord> records,
               const std::function<void(const RobustnessRecord&)>& done);

 private:
  Excerpt Read(const MeasuredFile& file);
  void Judge(const FrameSequence& frames, RobustnessRecord& record);
  void JudgeIn(const Condition& condition, const MeasuredFile& file, const Excerpt& excerpt,
               RobustnessRecord& record);
  void JudgeScene(const MeasuredFile& file, const Excerpt& excerpt, size_t people,
                  RobustnessRecord& record);
  void FindPartners(const MeasuredFile& file, size_t count);

  const std::vector<RobustnessFile>& files_;
  const RobustnessOptions& options_;
  const CancelToken* cancel_;
  Detector detector_;
  std::shared_ptr<FaceNetworks> networks_;
  std::vector<Excerpt> partners_;        // of the file at hand
  std::optional<Error> unread_partner_;  // why the first one that could not be read could not
};

}  // namespace unmask
