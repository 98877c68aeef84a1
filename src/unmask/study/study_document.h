#pragma once

#include <string>
#include <vector>

#include "unmask/report/document.h"
#include "unmask/study/figures.h"
#include "unmask/study/study.h"
#include "unmask/study/study_analysis.h"

namespace unmask {

// The report of a study as a document: findings, tables, figures, and how it was made. A figure
// without a title stands with the comparisons of losses. `remarks`: what is missing, and why.
Document StudyDocument(const StudyPlan& plan, const std::vector<CellStatus>& statuses,
                       const FinishedCells& cells, const StudyAnalysis& analysis,
                       const std::vector<StudyFigure>& figures,
                       const std::vector<std::string>& remarks);

}  // namespace unmask
