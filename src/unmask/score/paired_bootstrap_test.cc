#include "unmask/score/paired_bootstrap.h"

#include <gtest/gtest.h>

#include <cmath>
#include <vector>

#include "unmask/base/error.h"
#include "unmask/base/random.h"
#include "unmask/score/delong.h"

namespace unmask {
namespace {

constexpr ComparedMeasure kAll[] = {ComparedMeasure::kAccuracy, ComparedMeasure::kBalancedAccuracy,
                                    ComparedMeasure::kAuc, ComparedMeasure::kLogLoss};

// Videos of people, three each, of which one is real; hard people are hard for all methods.
struct Study {
  ComparedItems items;
  std::vector<double> difficulty;
  Random random{11};

  explicit Study(size_t people, uint64_t seed = 11) : random(seed) {
    for (size_t i = 0; i < people * 3; ++i) {
      items.labels.push_back(i % 3 == 0 ? 0 : 1);
      items.groups.push_back(static_cast<int>(i / 3));
      difficulty.push_back(i % 3 == 0 ? Normal(random, 0, 1.5) : difficulty.back());
    }
  }

  std::vector<double> Scores(double skill) {
    std::vector<double> scores;
    for (size_t i = 0; i < items.labels.size(); ++i) {
      const int side = items.labels[i] == 1 ? 1 : -1;
      const double margin = side * (skill + difficulty[i]) + Normal(random, 0, 0.4);
      scores.push_back(1 / (1 + std::exp(-margin)));
    }
    return scores;
  }

  ScoredItems Items(const std::vector<double>& scores) const {
    return {.scores = scores, .labels = items.labels, .groups = items.groups};
  }
};

TEST(PairedBootstrapTest, AMethodHasTheMeasuresAndIntervalsOfItsEvaluation) {
  Study study(30);
  const std::vector<double> scores = study.Scores(1);
  const Evaluation e = Evaluate(study.Items(scores), {.threshold = 0.4, .level = 0.9});
  const Measure expected[] = {e.accuracy, *e.balanced_accuracy, *e.auc, e.log_loss};
  for (size_t m = 0; m < std::size(kAll); ++m) {
    const PairedBootstrap bootstrap(study.items, {{{scores}, 0.4}}, kAll[m], {.level = 0.9});
    const Measure measure = bootstrap.MeasureOf(0);
    EXPECT_NEAR(measure.value, expected[m].value, 1e-12) << NameOf(kAll[m]);
    EXPECT_NEAR(measure.interval.low, expected[m].interval.low, 1e-12) << NameOf(kAll[m]);
    EXPECT_NEAR(measure.interval.high, expected[m].interval.high, 1e-12) << NameOf(kAll[m]);
  }
}

TEST(PairedBootstrapTest, PairsSeeWhatSeparateIntervalsDoNot) {
  Study study(60);
  const std::vector<double> better = study.Scores(1.3), worse = study.Scores(1);
  const PairedBootstrap bootstrap(study.items, {{{better}}, {{worse}}}, ComparedMeasure::kLogLoss);
  const PairedDifference difference = bootstrap.Compare(0, 1);
  EXPECT_LT(difference.difference, 0);
  EXPECT_LT(difference.interval.high, 0);
  EXPECT_LT(difference.p, 0.01);
  EXPECT_NEAR(difference.difference, bootstrap.value(0) - bootstrap.value(1), 1e-12);
  EXPECT_LT(bootstrap.MeasureOf(1).interval.low, bootstrap.MeasureOf(0).interval.high);
}

TEST(PairedBootstrapTest, TurnedRoundItIsTheSame) {
  Study study(25);
  const std::vector<MethodScores> methods = {{{study.Scores(1.1)}}, {{study.Scores(1)}}};
  for (const ComparedMeasure measure : kAll) {
    const PairedBootstrap bootstrap(study.items, methods, measure);
    const PairedDifference there = bootstrap.Compare(0, 1), back = bootstrap.Compare(1, 0);
    EXPECT_DOUBLE_EQ(there.p, back.p);
    EXPECT_NEAR(there.interval.low, -back.interval.high, 1e-12);
    EXPECT_DOUBLE_EQ(there.difference, -back.difference);
    EXPECT_LE(there.interval.low, there.difference);
    EXPECT_GE(there.interval.high, there.difference);
  }
}

TEST(PairedBootstrapTest, EqualScoresCannotBeTold) {
  Study study(20);
  const std::vector<double> scores = study.Scores(1);
  for (const ComparedMeasure measure : kAll) {
    const PairedDifference none =
        PairedBootstrap(study.items, {{{scores}}, {{scores, scores, scores}}}, measure)
            .Compare(0, 1);
    EXPECT_NEAR(none.difference, 0, 1e-12);
    EXPECT_NEAR(none.interval.high - none.interval.low, 0, 1e-12);
    EXPECT_EQ(none.p, 1);
  }
}

TEST(PairedBootstrapTest, RunsCountByTheirMean) {
  Study study(30);
  const std::vector<double> a = study.Scores(1.5), b = study.Scores(0.5);
  for (const ComparedMeasure measure : kAll) {
    const PairedBootstrap bootstrap(study.items, {{{a}}, {{b}}, {{a, b}}}, measure);
    EXPECT_NEAR(bootstrap.value(2), (bootstrap.value(0) + bootstrap.value(1)) / 2, 1e-12);
    const PairedDifference whole = bootstrap.Compare(0, 1), half = bootstrap.Compare(0, 2);
    EXPECT_NEAR(half.difference, whole.difference / 2, 1e-12);
    EXPECT_NEAR(half.interval.low, whole.interval.low / 2, 1e-12);
    EXPECT_DOUBLE_EQ(half.p, whole.p);
  }
}

TEST(PairedBootstrapTest, TheSeedFixesAll) {
  Study study(20);
  const std::vector<MethodScores> methods = {{{study.Scores(1.1)}}, {{study.Scores(1)}}};
  const auto low = [&](uint64_t seed) {
    return PairedBootstrap(study.items, methods, ComparedMeasure::kLogLoss, {.seed = seed})
        .Compare(0, 1)
        .interval.low;
  };
  EXPECT_EQ(low(3), low(3));
  EXPECT_NE(low(3), low(4));
}

TEST(PairedBootstrapTest, AgreesWithDeLongOverTheSameGroups) {
  Study study(80);
  const std::vector<double> a = study.Scores(1.2), b = study.Scores(1.1);
  const PairedDifference boot =
      PairedBootstrap(study.items, {{{a}}, {{b}}}, ComparedMeasure::kAuc).Compare(0, 1);
  const AucComparison delong = CompareAucs(a, b, study.items.labels, study.items.groups);
  EXPECT_NEAR(boot.difference, delong.difference, 1e-12);
  const double width = delong.interval.high - delong.interval.low;
  EXPECT_NEAR((boot.interval.high - boot.interval.low) / width, 1, 0.15);
  EXPECT_NEAR(boot.p, delong.p, 0.06);
}

TEST(PairedBootstrapTest, FalseAlarmsComeAtTheRateOfTheLevel) {
  int alarms = 0;
  constexpr int kTrials = 300;
  for (int t = 0; t < kTrials; ++t) {
    Study study(40, 100 + static_cast<uint64_t>(t));
    const std::vector<MethodScores> equal = {{{study.Scores(1)}}, {{study.Scores(1)}}};
    alarms += PairedBootstrap(study.items, equal, ComparedMeasure::kLogLoss, {.resamples = 400})
                  .Compare(0, 1)
                  .p < 0.05;
  }
  EXPECT_NEAR(static_cast<double>(alarms) / kTrials, 0.05, 0.035);
}

TEST(PairedBootstrapTest, OneGroupSaysNothing) {
  const ComparedItems items = {{0, 1, 1}, {4, 4, 4}};
  const PairedBootstrap bootstrap(items, {{{{0.1, 0.9, 0.8}}}, {{{0.9, 0.1, 0.2}}}},
                                  ComparedMeasure::kAuc);
  const PairedDifference difference = bootstrap.Compare(0, 1);
  EXPECT_EQ(difference.difference, 1);
  EXPECT_TRUE(std::isnan(difference.p) && std::isnan(difference.interval.low));
}

TEST(PairedBootstrapTest, OneClassHasAccuracyAndLogLossOnly) {
  const ComparedItems items = {{1, 1, 1}, {0, 1, 2}};
  const std::vector<MethodScores> methods = {{{{0.1, 0.9, 0.8}}}, {{{0.9, 0.1, 0.2}}}};
  EXPECT_NEAR(PairedBootstrap(items, methods, ComparedMeasure::kAccuracy).Compare(0, 1).difference,
              1.0 / 3, 1e-12);
  PairedBootstrap(items, methods, ComparedMeasure::kLogLoss);
  EXPECT_THROW(PairedBootstrap(items, methods, ComparedMeasure::kAuc), Error);
  EXPECT_THROW(PairedBootstrap(items, methods, ComparedMeasure::kBalancedAccuracy), Error);
}

TEST(PairedBootstrapTest, BadInputIsRefused) {
  const ComparedItems items = {{0, 1}, {0, 1}};
  const auto compare = [&](const std::vector<MethodScores>& methods,
                           BootstrapOptions options = {}) {
    PairedBootstrap(items, methods, ComparedMeasure::kAccuracy, options);
  };
  compare({{{{0.1, 0.2}}}});
  EXPECT_THROW(compare({}), Error);
  EXPECT_THROW(compare({{}}), Error);
  EXPECT_THROW(compare({{{{0.1}}}}), Error);
  EXPECT_THROW(compare({{{{0.1, 0.2}}}, {{{0.1, 1.2}}}}), Error);
  EXPECT_THROW(compare({{{{0.1, std::nan("")}}}}), Error);
  EXPECT_THROW(compare({{{{0.1, 0.2}}}}, {.resamples = 5}), UsageError);
  EXPECT_THROW(compare({{{{0.1, 0.2}}}}, {.level = 1}), UsageError);
}

TEST(PairedBootstrapTest, MeasuresHaveNames) {
  for (const ComparedMeasure measure : kAll) {
    EXPECT_EQ(ComparedMeasureFromName(NameOf(measure)), measure);
  }
  EXPECT_FALSE(HigherIsBetter(ComparedMeasure::kLogLoss));
  EXPECT_TRUE(HigherIsBetter(ComparedMeasure::kAuc));
  try {
    ComparedMeasureFromName("acuracy");
    FAIL();
  } catch (const UsageError& e) {
    EXPECT_NE(std::string(e.what()).find("accuracy"), std::string::npos);
  }
}

}  // namespace
}  // namespace unmask
