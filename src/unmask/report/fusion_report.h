#pragma once

#include <string>
#include <vector>

#include "unmask/base/json.h"
#include "unmask/score/fusion_comparison.h"

namespace unmask {

// Tables for a terminal of 80 columns: measures and class accuracies of every model and fusion, and
// in words which fusions differ from the best single model. Models are numbered from 1, in the
// order in which they were given. `selection`: the split of the validation scores, if there were
// any.
std::string FusionText(const FusionComparison& comparison, const FusionOptions& options,
                       const std::string& selection);

// "results", "greedy", "best_model" and "differences" of `unmask fuse --json`; docs/json.md says
// what the fields mean. Models are numbered from 0 there.
Json FusionJson(const FusionComparison& comparison);

// A line for every model and fusion, separated by commas, with a first line that names the columns.
// `names`: of the models.
std::string FusionCsv(const FusionComparison& comparison, const std::vector<std::string>& names);

}  // namespace unmask
