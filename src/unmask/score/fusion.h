#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "unmask/score/dataset_evaluation.h"

namespace unmask {

// How the scores of several models for one face become one.
enum class FusionRule {
  kProbability,     // mean of the calibrated probabilities
  kRawProbability,  // mean of the probabilities before calibration
  kLogit,           // sigmoid of the mean of the calibrated log odds, margin / temperature
  kRawLogit         // sigmoid of the mean of the log odds before calibration
};

inline constexpr FusionRule kFusionRules[] = {FusionRule::kProbability, FusionRule::kRawProbability,
                                              FusionRule::kLogit, FusionRule::kRawLogit};

// "probability", "raw-probability", "logit", "raw-logit"; throws UsageError for others.
FusionRule FusionRuleFromName(std::string_view name);
std::string_view NameOf(FusionRule rule);

// What a model, or a fusion, says of a data set.
struct ModelScores {
  std::string name;
  std::vector<ScoredFile> files;
  double temperature = 1;  // of the calibrated scores
  double threshold = 0.5;  // of the calibrated scores
};

// Fuses face by face; what comes out is evaluated like a model. The fused margin is the log odds of
// the fused score and the temperature 1: a fusion has no calibration of its own. Its threshold is
// what the rule makes of a face at which every member stands just at its own threshold. Its name is
// the members', joined by " + ". Throws Error with fewer than two members and, naming the file,
// where members do not agree in files, labels, tracks or faces.
ModelScores Fuse(const std::vector<const ModelScores*>& members, FusionRule rule);

// Throws the Error that Fuse() would for members that do not agree.
void CheckSameFaces(const std::vector<const ModelScores*>& members);

// {0, 1}, {0, 2}, … {count − 2, count − 1}.
std::vector<std::vector<size_t>> AllPairs(size_t count);

struct GreedyStep {
  size_t added = 0;  // the model that joins
  double auc = 0;    // of files, with it
  double log_loss = 0;
};

// Forward selection on validation files: begins with the best single model and adds the one with
// which the fusion is best, until none makes it better. Better: a higher AUC of files, by
// `aggregation`; at equal AUC, a lower log loss; among equals the first listed. A model is taken
// once (Caruana et al., ICML 2004, without replacement). `options` give the score of votes; the
// thresholds are those of the models. The steps in order, one at least. Throws Error as Fuse()
// does, for no model, and where the files with a score are not of both classes.
std::vector<GreedyStep> SelectGreedily(const std::vector<ModelScores>& validation, FusionRule rule,
                                       Aggregation aggregation, const DatasetOptions& options = {});

}  // namespace unmask
