#pragma once

#include <filesystem>
#include <functional>
#include <string>

#include "unmask/base/cancel.h"
#include "unmask/study/study_data.h"
#include "unmask/study/study_folder.h"

namespace unmask {

// The programs that a study runs.
struct StudyPrograms {
  std::filesystem::path unmask;  // prepares faces
  std::filesystem::path train;   // trains a model
};

// Runs a program to its end; its words go to `log`. `progress` is called about once a second with
// the last line that it wrote. Throws Error naming the log when it fails; Cancelled, after it has
// ended, when `cancel` is set meanwhile.
void RunLogged(const std::vector<std::string>& arguments, const std::filesystem::path& log,
               const CancelToken* cancel, const std::function<void(const std::string&)>& progress);

// The last line of a log that is not blank and no remedy ("fix: …"), at most 200 bytes of it.
std::string LastLine(const std::filesystem::path& log);

// Trains the cell, or goes on with its training, scores the splits val and test, and writes the
// result. Of the training run, the model and its curves stay. Throws Error naming the cell's log
// when something fails, Cancelled as above; a later call goes on.
void RunCell(const StudyPlan& plan, const Cell& cell, const StudyData& data,
             const StudyFolder& folder, const StudyPrograms& programs, int threads,
             const CancelToken* cancel, const std::function<void(const std::string&)>& progress);

// "AMD EPYC 9R14, 2 cores".
std::string MachineName();

}  // namespace unmask
