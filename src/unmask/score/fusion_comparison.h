#pragma once

#include <optional>
#include <string_view>
#include <vector>

#include "unmask/score/delong.h"
#include "unmask/score/fusion.h"
#include "unmask/score/paired_bootstrap.h"

namespace unmask {

struct FusionOptions {
  FusionRule rule = FusionRule::kProbability;  // of pairs and of the greedy selection
  Aggregation aggregation = Aggregation::kMeanTracks;
  DatasetOptions dataset;  // its threshold and temperature are not used: they are the models'
};

enum class FusionKind { kModel, kAll, kPair, kGreedy };
std::string_view NameOf(FusionKind kind);  // "model", "all", "pair", "greedy"

// A row of the table: a model or a fusion of some, judged on files.
struct FusionResult {
  FusionKind kind = FusionKind::kModel;
  std::vector<size_t> members;                 // places in the list of models
  FusionRule rule = FusionRule::kProbability;  // of a fusion
  double threshold = 0.5;  // of faces and tracks; the evaluation has that of files
  ScoredItems items;
  Evaluation evaluation;
};

// A fusion minus the best single model.
struct FusionDifference {
  size_t result = 0;  // place of the fusion in the list of results
  ComparedMeasure measure = ComparedMeasure::kAuc;
  PairedDifference bootstrap;
  double adjusted_p = 1;                // Holm's over the pairs, where it is one of them
  std::optional<AucComparison> delong;  // of the AUC, people drawn as one
};

struct FusionComparison {
  std::vector<FusionResult> results;  // models; all together by every rule; pairs; greedy
  std::vector<GreedyStep> greedy;     // empty without validation scores
  size_t best_model = 0;
  bool best_on_validation = false;  // else the best model was chosen on what is reported here
  std::vector<FusionDifference> differences;  // of the fusions by the chosen rule
};

// Every model, all models together by every rule, all pairs (of three models or more) and the
// greedy set by the chosen rule. The best single model and the greedy set are chosen on
// `validation` (by AUC of files, ties by log loss), which lists the same models; where it is empty
// there is no greedy set and the best model is chosen on `models`, which favours it. A greedy set
// of one model has no row. Throws Error with fewer than two models, where they do not agree in
// their faces (see Fuse()) and where the files with a score are not of both classes.
FusionComparison CompareFusions(const std::vector<ModelScores>& models,
                                const std::vector<ModelScores>& validation,
                                const FusionOptions& options = {});

}  // namespace unmask
