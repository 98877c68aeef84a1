#pragma once

#include <string>
#include <vector>

#include "unmask/study/study_analysis.h"

namespace unmask {

// A question that the paper answers, and what the numbers here say about it, in sentences. Each
// says whether a difference is real (its p is below 1 − the plan's level) or cannot be told from
// noise. Where all pairs of losses or of fusions of a quality are compared, p is corrected for all
// of them.
struct Finding {
  std::string question;
  std::vector<std::string> answers;
};

std::vector<Finding> FindingsOf(const StudyPlan& plan, const StudyAnalysis& analysis);

}  // namespace unmask
