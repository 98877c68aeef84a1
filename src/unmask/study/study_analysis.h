#pragma once

#include <optional>
#include <string>
#include <vector>

#include "unmask/study/analysis.h"
#include "unmask/study/fusion_analysis.h"

namespace unmask {

// What the paper measured on.
inline constexpr char kPaperData[] = "FaceForensics++";

// All that a study computes.
struct StudyAnalysis {
  std::vector<IntraAnalysis> intra;
  std::vector<CrossClassAnalysis> cross_class;
  std::vector<FusionAnalysis> fusion;
  std::optional<RankAnalysis> ranks;
  // The plan says so, and the test split has the size of the paper's: a name is soon given.
  bool is_paper_data = false;
};

// Of all cells that are finished. What cannot be computed goes to `remarks`.
StudyAnalysis AnalyseStudy(const StudyPlan& plan, const FinishedCells& cells,
                           std::vector<std::string>& remarks);

}  // namespace unmask
