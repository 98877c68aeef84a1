#include "unmask/score/fusion_comparison.h"

#include <algorithm>
#include <numeric>
#include <utility>

#include "unmask/base/error.h"
#include "unmask/score/multiple_comparisons.h"

namespace unmask {
namespace {

constexpr ComparedMeasure kMeasures[] = {ComparedMeasure::kAuc, ComparedMeasure::kAccuracy,
                                         ComparedMeasure::kBalancedAccuracy,
                                         ComparedMeasure::kLogLoss};

class Comparer {
 public:
  Comparer(const std::vector<ModelScores>& models, const FusionOptions& options)
      : models_(models), options_(options) {}

  void Add(FusionKind kind, const std::vector<size_t>& members, FusionRule rule) {
    if (members.size() == 1) {
      Judge(kind, members, rule, models_[members[0]]);
      return;
    }
    std::vector<const ModelScores*> chosen;
    for (const size_t member : members) chosen.push_back(&models_[member]);
    Judge(kind, members, rule, Fuse(chosen, rule));
  }

  std::vector<FusionResult> Take() { return std::move(results_); }

 private:
  void Judge(FusionKind kind, const std::vector<size_t>& members, FusionRule rule,
             const ModelScores& scores) {
    DatasetOptions options = options_.dataset;
    options.evaluation.threshold = scores.threshold;
    options.temperature = scores.temperature;
    FusionResult result{.kind = kind,
                        .members = members,
                        .rule = rule,
                        .threshold = scores.threshold,
                        .items = FileItems(scores.files, options_.aggregation, options),
                        .evaluation = {}};
    options.evaluation.threshold = FileThreshold(options_.aggregation, options);
    result.evaluation = Evaluate(result.items, options.evaluation);
    results_.push_back(std::move(result));
  }

  const std::vector<ModelScores>& models_;
  const FusionOptions& options_;
  std::vector<FusionResult> results_;
};

void CheckModels(const std::vector<ModelScores>& models) {
  if (models.size() < 2) throw Error("a fusion takes two models at least");
  std::vector<const ModelScores*> all;
  for (const ModelScores& model : models) all.push_back(&model);
  CheckSameFaces(all);
  bool there[2] = {false, false};
  for (const ScoredFile& file : models[0].files) {
    if (file.has_score()) there[file.label] = true;
  }
  if (there[0] && there[1]) return;
  throw Error("no " + std::string(there[0] ? "fake" : "real") +
                  " file has a face: models cannot be compared",
              "Give real and fake files");
}

// The model of the highest AUC among the first results, ties by log loss.
size_t BestModel(const std::vector<FusionResult>& results, size_t models) {
  size_t best = 0;
  for (size_t m = 1; m < models; ++m) {
    const Evaluation& a = results[m].evaluation;
    const Evaluation& b = results[best].evaluation;
    const double ahead = a.auc->value - b.auc->value;
    if (ahead > 1e-12 || (ahead > -1e-12 && a.log_loss.value < b.log_loss.value)) best = m;
  }
  return best;
}

// Fills the adjusted p values of the pairs, each measure on its own.
void AdjustPairs(FusionComparison& comparison) {
  for (const ComparedMeasure measure : kMeasures) {
    std::vector<FusionDifference*> pairs;
    std::vector<double> p_values;
    for (FusionDifference& difference : comparison.differences) {
      const bool pair = comparison.results[difference.result].kind == FusionKind::kPair;
      if (!pair || difference.measure != measure) continue;
      pairs.push_back(&difference);
      p_values.push_back(difference.bootstrap.p);
    }
    const std::vector<double> adjusted = AdjustHolm(p_values);
    for (size_t i = 0; i < pairs.size(); ++i) pairs[i]->adjusted_p = adjusted[i];
  }
}

void Compare(FusionComparison& comparison, const FusionOptions& options) {
  const FusionResult& best = comparison.results[comparison.best_model];
  std::vector<size_t> fusions;
  std::vector<MethodScores> methods = {{{best.items.scores}, best.evaluation.threshold}};
  for (size_t r = 0; r < comparison.results.size(); ++r) {
    const FusionResult& result = comparison.results[r];
    if (result.kind == FusionKind::kModel || result.rule != options.rule) continue;
    fusions.push_back(r);
    methods.push_back({{result.items.scores}, result.evaluation.threshold});
  }
  const EvaluationOptions& evaluation = options.dataset.evaluation;
  const BootstrapOptions bootstrap_options = {
      .level = evaluation.level, .resamples = evaluation.resamples, .seed = evaluation.seed};
  for (const ComparedMeasure measure : kMeasures) {
    const PairedBootstrap bootstrap({best.items.labels, best.items.groups}, methods, measure,
                                    bootstrap_options);
    for (size_t f = 0; f < fusions.size(); ++f) {
      FusionDifference difference{.result = fusions[f],
                                  .measure = measure,
                                  .bootstrap = bootstrap.Compare(f + 1, 0),
                                  .delong = {}};
      difference.adjusted_p = difference.bootstrap.p;
      if (measure == ComparedMeasure::kAuc) {
        difference.delong =
            CompareAucs(comparison.results[fusions[f]].items.scores, best.items.scores,
                        best.items.labels, best.items.groups, evaluation.level);
      }
      comparison.differences.push_back(difference);
    }
  }
  AdjustPairs(comparison);
}

}  // namespace

std::string_view NameOf(FusionKind kind) {
  switch (kind) {
    case FusionKind::kModel:
      return "model";
    case FusionKind::kAll:
      return "all";
    case FusionKind::kPair:
      return "pair";
    case FusionKind::kGreedy:
      return "greedy";
  }
  return "";
}

FusionComparison CompareFusions(const std::vector<ModelScores>& models,
                                const std::vector<ModelScores>& validation,
                                const FusionOptions& options) {
  CheckModels(models);
  FusionComparison comparison;
  std::vector<size_t> all(models.size());
  std::iota(all.begin(), all.end(), size_t{0});
  Comparer comparer(models, options);
  for (const size_t m : all) comparer.Add(FusionKind::kModel, {m}, options.rule);
  for (const FusionRule rule : kFusionRules) comparer.Add(FusionKind::kAll, all, rule);
  if (models.size() > 2) {
    for (const std::vector<size_t>& pair : AllPairs(models.size())) {
      comparer.Add(FusionKind::kPair, pair, options.rule);
    }
  }
  if (!validation.empty()) {
    if (validation.size() != models.size()) {
      throw Error(std::to_string(models.size()) + " models, but validation scores of " +
                  std::to_string(validation.size()));
    }
    CheckModels(validation);
    comparison.greedy =
        SelectGreedily(validation, options.rule, options.aggregation, options.dataset);
    std::vector<size_t> members;
    for (const GreedyStep& step : comparison.greedy) members.push_back(step.added);
    if (members.size() > 1) comparer.Add(FusionKind::kGreedy, members, options.rule);
  }
  comparison.results = comparer.Take();
  comparison.best_on_validation = !validation.empty();
  comparison.best_model = validation.empty() ? BestModel(comparison.results, models.size())
                                             : comparison.greedy[0].added;
  Compare(comparison, options);
  return comparison;
}

}  // namespace unmask
