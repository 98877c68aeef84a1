#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "unmask/study/figures.h"
#include "unmask/study/study.h"

namespace unmask {

struct StudyReport {
  std::vector<std::filesystem::path> files;  // that were written
  std::vector<std::string> remarks;          // what is missing, and why
};

// Computes everything from the finished cells and writes report.md, report.html, report.json and
// tables/*.csv into the study's folder. `statuses`: of all cells; `missing`: figures that are not
// there, and why.
// Throws Error when a file cannot be written, and when no cell is finished.
StudyReport WriteStudyReport(const StudyPlan& plan, const std::vector<CellStatus>& statuses,
                             const StudyFolder& folder, const std::vector<StudyFigure>& figures,
                             const std::vector<std::string>& missing = {});

}  // namespace unmask
