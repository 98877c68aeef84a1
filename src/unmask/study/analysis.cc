#include "unmask/study/analysis.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <map>

#include "unmask/score/delong.h"
#include "unmask/score/log_odds.h"
#include "unmask/score/metrics.h"

namespace unmask {
namespace {

constexpr size_t kMeanTracks = 2;  // of kAggregations

ComparedMeasure Compared(PaperMeasure measure) {
  switch (measure) {
    case PaperMeasure::kAccuracy:
      return ComparedMeasure::kAccuracy;
    case PaperMeasure::kLogLoss:
      return ComparedMeasure::kLogLoss;
    case PaperMeasure::kAuc:
      break;
  }
  return ComparedMeasure::kAuc;
}

double ValueOf(ComparedMeasure measure, const std::vector<double>& scores,
               const std::vector<int>& labels, double threshold) {
  switch (measure) {
    case ComparedMeasure::kAccuracy:
      return Accuracy(scores, labels, threshold);
    case ComparedMeasure::kBalancedAccuracy:
      return BalancedAccuracy(scores, labels, threshold);
    case ComparedMeasure::kLogLoss:
      return LogLoss(scores, labels);
    case ComparedMeasure::kAuc:
      break;
  }
  return AreaUnderRoc(scores, labels);
}

bool Wanted(const ScoredFile& file, const std::vector<std::string>& classes) {
  return file.has_score() &&
         (classes.empty() || std::count(classes.begin(), classes.end(), file.class_or_label()) > 0);
}

// The losses' scores by one aggregation, without calibration.
std::vector<MethodScores> RawScoresOf(const StudyPlan& plan, const FinishedCells& cells,
                                      const std::string& quality, const std::string& train_class,
                                      const std::vector<std::string>& losses,
                                      Aggregation aggregation,
                                      const std::vector<std::string>& classes = {}) {
  std::vector<MethodScores> methods;
  for (const std::string& loss : losses) {
    methods.push_back(
        VideoScoresOf(WithoutCalibration(cells.Of("test", quality, train_class, loss)), aggregation,
                      plan.threshold, classes));
  }
  return methods;
}

// All runs of several methods as those of one: its value is the mean over them.
MethodScores Pooled(const std::vector<MethodScores>& methods) {
  MethodScores pooled{.runs = {}, .threshold = methods.front().threshold};
  for (const MethodScores& method : methods) {
    pooled.runs.insert(pooled.runs.end(), method.runs.begin(), method.runs.end());
  }
  return pooled;
}

void CompareLosses(const std::vector<MethodScores>& methods, const ComparedItems& items,
                   const PairedBootstrap& auc, IntraAnalysis& analysis) {
  std::vector<double> p, p_delong;
  for (size_t a = 0; a < methods.size(); ++a) {
    for (size_t b = a + 1; b < methods.size(); ++b) {
      LossPair pair{.a = a, .b = b, .auc = auc.Compare(a, b)};
      pair.p_delong =
          CompareAucs(methods[a].runs[0], methods[b].runs[0], items.labels, items.groups).p;
      p.push_back(pair.auc.p);
      p_delong.push_back(pair.p_delong);
      analysis.pairs.push_back(pair);
    }
  }
  const std::vector<double> adjusted = AdjustHolm(p), adjusted_delong = AdjustHolm(p_delong);
  for (size_t i = 0; i < p.size(); ++i) {
    analysis.pairs[i].p_adjusted = adjusted[i];
    analysis.pairs[i].p_delong_adjusted = adjusted_delong[i];
  }
}

void CompareAggregations(const std::array<std::vector<MethodScores>, 3>& methods,
                         const ComparedItems& items, const BootstrapOptions& options,
                         IntraAnalysis& analysis) {
  std::vector<MethodScores> pooled;
  for (const std::vector<MethodScores>& of_aggregation : methods) {
    pooled.push_back(Pooled(of_aggregation));
  }
  const PairedBootstrap accuracy(items, pooled, ComparedMeasure::kAccuracy, options);
  const PairedBootstrap auc(items, pooled, ComparedMeasure::kAuc, options);
  for (size_t a = 1; a < 3; ++a) {
    analysis.accuracy_against_faces[a - 1] = accuracy.Compare(a, 0);
    analysis.auc_against_faces[a - 1] = auc.Compare(a, 0);
  }
}

}  // namespace

VideoItems ItemsOf(const std::vector<ScoredFile>& files, const std::vector<std::string>& classes) {
  VideoItems result;
  std::map<std::string, int> groups;
  for (const ScoredFile& file : files) {
    if (!Wanted(file, classes)) continue;
    const std::string who = file.identity.empty() ? "file " + file.class_or_label() + file.file
                                                  : "who " + file.identity;
    result.items.labels.push_back(file.label);
    result.items.groups.push_back(
        groups.emplace(who, static_cast<int>(groups.size())).first->second);
    result.classes.push_back(file.class_or_label());
  }
  return result;
}

MethodScores VideoScoresOf(const SeedScores& seeds, Aggregation aggregation, double threshold,
                           const std::vector<std::string>& classes) {
  DatasetOptions options;
  options.evaluation.threshold = threshold;
  const auto which = static_cast<size_t>(
      std::find(kAggregations.begin(), kAggregations.end(), aggregation) - kAggregations.begin());
  MethodScores scores{.runs = {}, .threshold = threshold};
  for (const ModelScores& seed : seeds) {
    std::vector<double>& run = scores.runs.emplace_back();
    for (const ScoredFile& file : seed.files) {
      if (Wanted(file, classes)) run.push_back(VideoScores(file, options)[which]);
    }
  }
  return scores;
}

SeedScores WithoutCalibration(const SeedScores& seeds) {
  SeedScores raw = seeds;
  for (ModelScores& seed : raw) {
    seed.temperature = 1;
    for (ScoredFile& file : seed.files) {
      for (std::vector<FaceScore>& track : file.tracks) {
        for (FaceScore& face : track) face.score = Sigmoid(face.margin);
      }
    }
  }
  return raw;
}

Entry EntryOf(const PairedBootstrap& bootstrap, size_t method, const MethodScores& scores,
              const ComparedItems& items, ComparedMeasure measure) {
  Entry entry{.measure = bootstrap.MeasureOf(method),
              .spread = std::numeric_limits<double>::quiet_NaN(),
              .paper = {}};
  const auto count = static_cast<double>(scores.runs.size());
  if (count < 2) return entry;
  double squares = 0;
  for (const std::vector<double>& run : scores.runs) {
    const double value = ValueOf(measure, run, items.labels, scores.threshold);
    squares += (value - entry.measure.value) * (value - entry.measure.value);
  }
  entry.spread = std::sqrt(squares / (count - 1));
  return entry;
}

BootstrapOptions BootstrapOf(const StudyPlan& plan) {
  return {.level = plan.level, .resamples = plan.resamples};
}

IntraAnalysis AnalyseIntra(const StudyPlan& plan, const FinishedCells& cells,
                           const std::string& quality) {
  IntraAnalysis analysis{.quality = quality, .losses = cells.LossesOf(quality, "")};
  if (analysis.losses.empty()) return analysis;
  const std::vector<ScoredFile>& files = cells.Of("test", quality, "", analysis.losses[0])[0].files;
  const ComparedItems items = ItemsOf(files).items;
  for (const int label : items.labels) ++(label == 1 ? analysis.fake : analysis.real);
  analysis.no_score = static_cast<int64_t>(files.size() - items.labels.size());
  analysis.groups = *std::max_element(items.groups.begin(), items.groups.end()) + 1;
  const BootstrapOptions options = BootstrapOf(plan);
  for (auto& of_measure : analysis.entries) of_measure.resize(analysis.losses.size());

  std::array<std::vector<MethodScores>, 3> methods;
  for (size_t a = 0; a < kAggregations.size(); ++a) {
    methods[a] = RawScoresOf(plan, cells, quality, "", analysis.losses, kAggregations[a]);
    for (size_t m = 0; m < kPaperMeasures.size(); ++m) {
      const ComparedMeasure measure = Compared(kPaperMeasures[m]);
      const PairedBootstrap bootstrap(items, methods[a], measure, options);
      for (size_t l = 0; l < analysis.losses.size(); ++l) {
        Entry& entry = analysis.entries[m][l][a];
        entry = EntryOf(bootstrap, l, methods[a][l], items, measure);
        entry.paper = PaperIntra(quality, analysis.losses[l], kAggregations[a], kPaperMeasures[m]);
      }
      if (kPaperMeasures[m] == PaperMeasure::kAuc && a == kMeanTracks) {
        CompareLosses(methods[a], items, bootstrap, analysis);
      }
    }
  }
  CompareAggregations(methods, items, options, analysis);
  const PairedBootstrap balanced(items, methods[kMeanTracks], ComparedMeasure::kBalancedAccuracy,
                                 options);
  for (size_t l = 0; l < analysis.losses.size(); ++l) {
    analysis.balanced_accuracy.push_back(
        EntryOf(balanced, l, methods[kMeanTracks][l], items, ComparedMeasure::kBalancedAccuracy));
  }

  std::vector<MethodScores> calibrated;
  for (const std::string& loss : analysis.losses) {
    calibrated.push_back(VideoScoresOf(cells.Of("test", quality, "", loss),
                                       Aggregation::kMeanTracks, plan.threshold));
  }
  const PairedBootstrap log_loss(items, calibrated, ComparedMeasure::kLogLoss, options);
  for (size_t l = 0; l < calibrated.size(); ++l) {
    analysis.calibrated_log_loss.push_back(
        EntryOf(log_loss, l, calibrated[l], items, ComparedMeasure::kLogLoss));
  }
  return analysis;
}

CrossClassAnalysis AnalyseCrossClass(const StudyPlan& plan, const FinishedCells& cells,
                                     const std::string& quality) {
  CrossClassAnalysis analysis{.quality = quality, .losses = plan.losses, .classes = plan.classes};
  // The losses of which a model for every class is finished.
  std::erase_if(analysis.losses, [&](const std::string& loss) {
    return std::any_of(plan.classes.begin(), plan.classes.end(), [&](const std::string& train) {
      return cells.Of("test", quality, train, loss).empty();
    });
  });
  if (analysis.losses.empty()) return analysis;
  const BootstrapOptions options = BootstrapOf(plan);
  for (const std::string& train : plan.classes) {
    auto& accuracies = analysis.accuracy.emplace_back();
    auto& aucs = analysis.auc.emplace_back();
    auto& means = analysis.mean_auc.emplace_back();
    for (const std::string& test : plan.classes) {
      const std::vector<std::string> classes = {plan.real_class, test};
      const ComparedItems items =
          ItemsOf(cells.Of("test", quality, train, analysis.losses[0])[0].files, classes).items;
      std::vector<MethodScores> methods = RawScoresOf(plan, cells, quality, train, analysis.losses,
                                                      Aggregation::kMeanTracks, classes);
      methods.push_back(Pooled(methods));
      const PairedBootstrap accuracy(items, methods, ComparedMeasure::kAccuracy, options);
      const PairedBootstrap auc(items, methods, ComparedMeasure::kAuc, options);
      accuracies.emplace_back();
      aucs.emplace_back();
      for (size_t l = 0; l < analysis.losses.size(); ++l) {
        const std::string& loss = analysis.losses[l];
        Entry& of_accuracy = accuracies.back().emplace_back(
            EntryOf(accuracy, l, methods[l], items, ComparedMeasure::kAccuracy));
        of_accuracy.paper = PaperCrossClass(train, test, loss, PaperMeasure::kAccuracy);
        Entry& of_auc =
            aucs.back().emplace_back(EntryOf(auc, l, methods[l], items, ComparedMeasure::kAuc));
        of_auc.paper = PaperCrossClass(train, test, loss, PaperMeasure::kAuc);
      }
      means.push_back(auc.MeasureOf(analysis.losses.size()));
    }
  }
  return analysis;
}

std::optional<RankAnalysis> AnalyseRanks(const StudyPlan& plan, const FinishedCells& cells) {
  RankAnalysis analysis{.losses = plan.losses, .blocks = {}, .friedman = {}};
  std::erase_if(analysis.losses, [&](const std::string& loss) {
    return std::any_of(plan.qualities.begin(), plan.qualities.end(),
                       [&](const std::string& quality) {
                         return !cells.LossesOf(quality, "").empty() &&
                                cells.Of("test", quality, "", loss).empty();
                       });
  });
  std::vector<std::vector<double>> values(analysis.losses.size());
  for (const std::string& quality : plan.qualities) {
    if (cells.LossesOf(quality, "").empty()) continue;
    for (const std::string& test : plan.classes) {
      const std::vector<std::string> classes = {plan.real_class, test};
      analysis.blocks.push_back(quality + " " + test);
      const std::vector<MethodScores> methods =
          RawScoresOf(plan, cells, quality, "", analysis.losses, Aggregation::kMeanTracks, classes);
      for (size_t l = 0; l < methods.size(); ++l) {
        const std::vector<int> labels =
            ItemsOf(cells.Of("test", quality, "", analysis.losses[l])[0].files, classes)
                .items.labels;
        double sum = 0;
        for (const std::vector<double>& run : methods[l].runs) sum += AreaUnderRoc(run, labels);
        values[l].push_back(sum / static_cast<double>(methods[l].runs.size()));
      }
    }
  }
  if (analysis.losses.size() < 2 || analysis.blocks.size() < 2) return std::nullopt;
  analysis.friedman = RunFriedmanTest(values, /*higher_is_better=*/true);
  return analysis;
}

}  // namespace unmask
