#pragma once

#include <string>
#include <vector>

#include "unmask/study/analysis.h"

namespace unmask {

// Several losses fused, by one rule, on the split test of one quality; mean over tracks.
struct FusedLosses {
  std::vector<std::string> losses;
  FusionRule rule = FusionRule::kProbability;
  // Names of the columns of the paper's table, "Deepfakes" … "real", "All", "log_loss", "auc".
  std::vector<std::string> columns;
  std::vector<Entry> entries;
  std::string against;             // the member with the best AUC on val
  PairedDifference accuracy, auc;  // the fusion minus that member
  double p_accuracy_adjusted = 1;  // Holm over all pairs of the quality and rule
  double p_auc_adjusted = 1;
};

struct FusionAnalysis {
  std::string quality;
  std::vector<FusedLosses> pairs;   // all, or those of the plan; by rule, then pair
  std::vector<FusedLosses> named;   // those of the plan by two rules, then their members alone
  std::vector<FusedLosses> greedy;  // chosen on val, one a rule; `losses` in order of choice
  std::string best_single;          // by AUC on val
};

// The rules that are compared: calibrated and raw probabilities, calibrated log odds.
inline constexpr FusionRule kStudyRules[] = {FusionRule::kProbability, FusionRule::kRawProbability,
                                             FusionRule::kLogit};

// Nothing in it with fewer than two finished losses.
FusionAnalysis AnalyseFusion(const StudyPlan& plan, const FinishedCells& cells,
                             const std::string& quality);

}  // namespace unmask
