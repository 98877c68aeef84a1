#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "unmask/report/plot.h"
#include "unmask/score/answers.h"
#include "unmask/score/dataset_evaluation.h"

namespace unmask {

// The curves of an evaluation that has real and fake items on every level.

// True positives over false positives, frames and the three ways to judge a video; once on equal
// axes, once with a logarithmic one, which shows the small rates that matter in use.
Figure RocFigure(const DatasetEvaluation& evaluation);

// Precision over recall; the dashed line is what guessing gives: the share of fake files.
Figure PrecisionRecallFigure(const DatasetEvaluation& evaluation);

// Share of fakes over the score, of faces and of files judged by `chosen`, in bins; the error bars
// are 95 % score intervals (Wilson, 1927) of the files. The bars in grey say where the files lie.
Figure ReliabilityFigure(const DatasetEvaluation& evaluation, Aggregation chosen);

// Share of wrong answers over the share of files that are answered, the surest first; the mark is
// where the model stops answering.
Figure RiskCoverageFigure(const Answers& answers);

// Writes roc, precision_recall, reliability and risk_coverage into `folder`, which is made where it
// is missing; `suffix` is ".png" or ".svg". Returns the files. Throws Error when real or fake files
// are missing and as WriteFigure() does.
std::vector<std::filesystem::path> WriteEvaluationPlots(const std::filesystem::path& folder,
                                                        const std::string& suffix,
                                                        const DatasetEvaluation& evaluation,
                                                        Aggregation chosen, const Answers& answers);

}  // namespace unmask
