#pragma once

#include <string>
#include <vector>

#include "unmask/base/json.h"
#include "unmask/score/answers.h"
#include "unmask/score/dataset_evaluation.h"

namespace unmask {

// Tables for a terminal of 80 columns: every measure on every level, the intervals of the level
// `chosen`, and the accuracy of each class.
std::string EvaluationText(const DatasetEvaluation& evaluation, Aggregation chosen,
                           const EvaluationOptions& options);

// "counts", "classes" and "levels" of `unmask evaluate --json`; docs/json.md says what the fields
// mean.
Json EvaluationJson(const DatasetEvaluation& evaluation);

// A paragraph of what is said where "cannot tell" may be said, and how often it is wrong.
std::string AnswersText(const Answers& answers, Aggregation chosen);

// "answers" of `unmask evaluate --json`.
Json AnswersJson(const Answers& answers);

// One of those levels.
Json LevelJson(const Evaluation& evaluation);

// A line for every file, separated by commas, with a first line that names the columns. `chosen`
// makes the decision: real, fake, no_face or error; the answer may be cannot_tell instead.
std::string FilesCsv(const std::vector<ScoredFile>& files, Aggregation chosen,
                     const DatasetOptions& options);

}  // namespace unmask
