#include "unmask/study/fusion_analysis.h"

#include <algorithm>

#include "unmask/score/metrics.h"

namespace unmask {
namespace {

bool OfRawScores(FusionRule rule) {
  return rule == FusionRule::kRawProbability || rule == FusionRule::kRawLogit;
}

// The fusion of the losses, seed by seed.
SeedScores FuseSeeds(const FinishedCells& cells, const std::string& split,
                     const std::string& quality, const std::vector<std::string>& losses,
                     FusionRule rule) {
  size_t seeds = cells.Of(split, quality, "", losses[0]).size();
  for (const std::string& loss : losses) {
    seeds = std::min(seeds, cells.Of(split, quality, "", loss).size());
  }
  SeedScores fused;
  for (size_t s = 0; s < seeds; ++s) {
    std::vector<const ModelScores*> members;
    for (const std::string& loss : losses) {
      members.push_back(&cells.Of(split, quality, "", loss)[s]);
    }
    fused.push_back(members.size() == 1 ? *members[0] : Fuse(members, rule));
  }
  // A model alone is judged by the scores that the rule takes of it.
  return losses.size() == 1 && OfRawScores(rule) ? WithoutCalibration(fused) : fused;
}

double ValidationAuc(const StudyPlan& plan, const FinishedCells& cells, const std::string& quality,
                     const std::string& loss, FusionRule rule) {
  const SeedScores seeds = FuseSeeds(cells, "val", quality, {loss}, rule);
  const std::vector<int> labels = ItemsOf(seeds[0].files).items.labels;
  double sum = 0;
  for (const auto& run : VideoScoresOf(seeds, Aggregation::kMeanTracks, plan.threshold).runs) {
    sum += AreaUnderRoc(run, labels);
  }
  return sum / static_cast<double>(seeds.size());
}

std::string BestOnValidation(const StudyPlan& plan, const FinishedCells& cells,
                             const std::string& quality, const std::vector<std::string>& losses,
                             FusionRule rule) {
  return *std::max_element(losses.begin(), losses.end(),
                           [&](const std::string& a, const std::string& b) {
                             return ValidationAuc(plan, cells, quality, a, rule) <
                                    ValidationAuc(plan, cells, quality, b, rule);
                           });
}

class FusionJudge {
 public:
  FusionJudge(const StudyPlan& plan, const FinishedCells& cells, const std::string& quality)
      : plan_(plan), cells_(cells), quality_(quality) {}

  // `in_detail`: with the columns of the paper's table, else only AUC and accuracy.
  FusedLosses Judge(const std::vector<std::string>& losses, FusionRule rule, bool in_detail) const {
    FusedLosses result{.losses = losses, .rule = rule};
    result.against = BestOnValidation(plan_, cells_, quality_, losses, rule);
    const SeedScores fused = FuseSeeds(cells_, "test", quality_, losses, rule);
    const SeedScores member = FuseSeeds(cells_, "test", quality_, {result.against}, rule);
    if (in_detail) {
      for (const std::string& name : plan_.classes) Add(fused, member, name, {name}, result);
      Add(fused, member, plan_.real_class, {plan_.real_class}, result);
    }
    result.accuracy = Add(fused, member, "All", {}, result);
    Add(fused, member, "log_loss", {}, result, ComparedMeasure::kLogLoss);
    result.auc = Add(fused, member, "auc", {}, result, ComparedMeasure::kAuc);
    return result;
  }

 private:
  PairedDifference Add(const SeedScores& fused, const SeedScores& member, const std::string& column,
                       const std::vector<std::string>& classes, FusedLosses& result,
                       ComparedMeasure measure = ComparedMeasure::kAccuracy) const {
    const ComparedItems items = ItemsOf(fused[0].files, classes).items;
    const std::vector<MethodScores> methods = {
        VideoScoresOf(fused, Aggregation::kMeanTracks, plan_.threshold, classes),
        VideoScoresOf(member, Aggregation::kMeanTracks, plan_.threshold, classes)};
    const PairedBootstrap bootstrap(items, methods, measure, BootstrapOf(plan_));
    Entry entry = EntryOf(bootstrap, 0, methods[0], items, measure);
    if (result.losses.size() == 2) {
      entry.paper = PaperFusion(quality_, result.losses[0], result.losses[1], column);
    }
    result.columns.push_back(column);
    result.entries.push_back(entry);
    return bootstrap.Compare(0, 1);
  }

  const StudyPlan& plan_;
  const FinishedCells& cells_;
  const std::string quality_;
};

// Over the pairs of one rule.
void AdjustTogether(std::vector<FusedLosses>& pairs, FusionRule rule) {
  std::vector<double> accuracy, auc;
  for (const FusedLosses& pair : pairs) {
    if (pair.rule != rule) continue;
    accuracy.push_back(pair.accuracy.p);
    auc.push_back(pair.auc.p);
  }
  accuracy = AdjustHolm(accuracy);
  auc = AdjustHolm(auc);
  size_t i = 0;
  for (FusedLosses& pair : pairs) {
    if (pair.rule != rule) continue;
    pair.p_accuracy_adjusted = accuracy[i];
    pair.p_auc_adjusted = auc[i++];
  }
}

// Chosen on val by the first seed.
std::vector<std::string> ChooseGreedily(const StudyPlan& plan, const FinishedCells& cells,
                                        const std::string& quality,
                                        const std::vector<std::string>& losses, FusionRule rule) {
  std::vector<ModelScores> validation;
  for (const std::string& loss : losses) {
    validation.push_back(FuseSeeds(cells, "val", quality, {loss}, rule)[0]);
  }
  DatasetOptions options;
  options.evaluation.threshold = plan.threshold;
  std::vector<std::string> chosen;
  for (const GreedyStep& step :
       SelectGreedily(validation, rule, Aggregation::kMeanTracks, options)) {
    chosen.push_back(losses[step.added]);
  }
  return chosen;
}

}  // namespace

FusionAnalysis AnalyseFusion(const StudyPlan& plan, const FinishedCells& cells,
                             const std::string& quality) {
  FusionAnalysis analysis{.quality = quality};
  const std::vector<std::string> losses = cells.LossesOf(quality, "");
  if (losses.size() < 2) return analysis;
  analysis.best_single = BestOnValidation(plan, cells, quality, losses, FusionRule::kProbability);
  const FusionJudge judge(plan, cells, quality);
  const auto finished = [&](const std::string& loss) {
    return std::count(losses.begin(), losses.end(), loss) > 0;
  };
  std::vector<std::string> members;
  for (const auto& [a, b] : plan.fusion_pairs) {
    if (!finished(a) || !finished(b)) continue;
    for (const FusionRule rule : {FusionRule::kRawProbability, FusionRule::kProbability}) {
      analysis.named.push_back(judge.Judge({a, b}, rule, true));
    }
    for (const std::string& loss : {a, b}) {
      if (std::count(members.begin(), members.end(), loss) == 0) members.push_back(loss);
    }
  }
  for (const std::string& loss : members) {  // for comparison
    analysis.named.push_back(judge.Judge({loss}, FusionRule::kRawProbability, true));
  }
  for (const FusionRule rule : kStudyRules) {
    if (plan.all_pairs) {
      for (const std::vector<size_t>& pair : AllPairs(losses.size())) {
        analysis.pairs.push_back(judge.Judge({losses[pair[0]], losses[pair[1]]}, rule, false));
      }
      AdjustTogether(analysis.pairs, rule);
    }
    if (!plan.greedy) continue;
    analysis.greedy.push_back(
        judge.Judge(ChooseGreedily(plan, cells, quality, losses, rule), rule, true));
  }
  return analysis;
}

}  // namespace unmask
