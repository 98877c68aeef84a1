#pragma once

#include <array>
#include <optional>
#include <string>
#include <vector>

#include "unmask/score/multiple_comparisons.h"
#include "unmask/score/paired_bootstrap.h"
#include "unmask/study/finished_cells.h"
#include "unmask/study/reference.h"

namespace unmask {

// What the finished cells say, on the split test. Scores are those before calibration, as the paper
// has them, unless said otherwise; intervals are by bootstrap over identities.

// A number of a table.
struct Entry {
  Measure measure;              // mean over seeds
  double spread = 0;            // standard deviation over seeds; not a number for one seed
  std::optional<double> paper;  // the paper's number
};

inline constexpr std::array kPaperMeasures = {PaperMeasure::kAccuracy, PaperMeasure::kLogLoss,
                                              PaperMeasure::kAuc};

// Two losses compared by their AUC, mean over tracks.
struct LossPair {
  size_t a = 0;
  size_t b = 0;
  PairedDifference auc;   // a minus b
  double p_adjusted = 1;  // of the bootstrap, Holm over all pairs of the quality
  double p_delong = 1;    // of the first seed; not a number where the test has no answer
  double p_delong_adjusted = 1;
};

// One quality, trained and tested on all classes.
struct IntraAnalysis {
  std::string quality;
  int64_t real = 0;  // test videos with a face
  int64_t fake = 0;
  int64_t no_score = 0;  // without a face, or unreadable
  int64_t groups = 0;    // identities
  std::vector<std::string> losses;
  // {measure, loss, aggregation}, in the order of kPaperMeasures and kAggregations.
  std::array<std::vector<std::array<Entry, 3>>, 3> entries;
  std::vector<Entry> calibrated_log_loss;  // {loss}, mean over tracks
  std::vector<Entry> balanced_accuracy;    // {loss}, mean over tracks
  std::vector<LossPair> pairs;
  // MT and AT minus MF, mean over losses: accuracy and AUC.
  std::array<PairedDifference, 2> accuracy_against_faces;
  std::array<PairedDifference, 2> auc_against_faces;
};

// One quality, trained on one class at a time; mean over tracks.
struct CrossClassAnalysis {
  std::string quality;
  std::vector<std::string> losses;
  std::vector<std::string> classes;
  // {train, test, loss}
  std::vector<std::vector<std::vector<Entry>>> accuracy;
  std::vector<std::vector<std::vector<Entry>>> auc;
  // {train, test}: mean over losses, with its interval.
  std::vector<std::vector<Measure>> mean_auc;
};

// The losses ranked by AUC on every class of every quality.
struct RankAnalysis {
  std::vector<std::string> losses;
  std::vector<std::string> blocks;  // "c23 Deepfakes"
  FriedmanTest friedman;
};

IntraAnalysis AnalyseIntra(const StudyPlan& plan, const FinishedCells& cells,
                           const std::string& quality);
CrossClassAnalysis AnalyseCrossClass(const StudyPlan& plan, const FinishedCells& cells,
                                     const std::string& quality);
// Nothing with fewer than two losses or blocks.
std::optional<RankAnalysis> AnalyseRanks(const StudyPlan& plan, const FinishedCells& cells);

// Test videos as items to be compared.
struct VideoItems {
  ComparedItems items;
  std::vector<std::string> classes;
};

// Those of `files` that have a face and, where `classes` are named, are of one of them.
VideoItems ItemsOf(const std::vector<ScoredFile>& files,
                   const std::vector<std::string>& classes = {});

// The scores of the videos of ItemsOf(), a list a seed.
MethodScores VideoScoresOf(const SeedScores& seeds, Aggregation aggregation, double threshold,
                           const std::vector<std::string>& classes = {});

// The same models with the scores before calibration.
SeedScores WithoutCalibration(const SeedScores& seeds);

// A method's number with interval and spread.
Entry EntryOf(const PairedBootstrap& bootstrap, size_t method, const MethodScores& scores,
              const ComparedItems& items, ComparedMeasure measure);

BootstrapOptions BootstrapOf(const StudyPlan& plan);

}  // namespace unmask
