#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "unmask/base/json.h"
#include "unmask/report/document.h"
#include "unmask/report/plot.h"
#include "unmask/robustness/summary.h"

namespace unmask {

// What `unmask robustness` found, and what it was found with.
struct RobustnessReport {
  RobustnessSummary summary;
  SummaryOptions options;
  DetectionSettings settings;
  ExcerptOptions excerpt;
  uint64_t seed = 1;
  std::vector<std::string> forgeries;
  std::string forgery_means;  // as RobustnessRun has it
  std::vector<FailedFile> failed;
  std::string manifest;
  int64_t real_files = 0, fake_files = 0, people = 0;  // as the manifest lists them
};

// Groups of fewer judged files than this say little, and conditions with fewer fakes or reals.
inline constexpr int64_t kFewFiles = 20;

// A panel for every condition that has a score: AUC and false alarms over the levels, with
// intervals, undisturbed at the left. Empty where no condition has one.
Figure ConditionsFigure(const RobustnessReport& report);

// A panel for every column: the false alarms of each group. Empty where there is no column.
Figure GroupsFigure(const RobustnessReport& report);

// In words, a sentence each: what was undisturbed, which conditions change that beyond their
// intervals, whether groups differ.
std::vector<std::string> RobustnessFindings(const RobustnessReport& report);

// The whole report. `figures`: drawn before; may be empty.
Document RobustnessDocument(const RobustnessReport& report,
                            const std::vector<DocumentFigure>& figures);

// The findings and a line a condition, for a terminal.
std::string RobustnessText(const RobustnessReport& report);

// What a reader must know first where there are few files; else empty.
std::string FewFilesRemark(const RobustnessReport& report);

// docs/robustness.md says what the fields mean.
Json RobustnessJson(const RobustnessReport& report);

// Draws the figures and writes report.md, report.html and robustness.json into `folder`. Returns
// the files. Without gnuplot the reports have no figures and say so.
std::vector<std::filesystem::path> WriteRobustnessReport(const std::filesystem::path& folder,
                                                         const RobustnessReport& report);

}  // namespace unmask
