// The measures and curves against scikit-learn's, see scripts/make_metric_references.py.

#include <gtest/gtest.h>

#include <functional>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "unmask/base/error.h"
#include "unmask/base/json.h"
#include "unmask/score/curves.h"
#include "unmask/score/evaluation.h"
#include "unmask/score/metrics.h"

namespace unmask {
namespace {

constexpr double kTolerance = 1e-12;

struct Case {
  std::string name;
  std::vector<double> scores;
  std::vector<int> labels;
  Json json;
};

std::vector<Case> Cases() {
  std::vector<Case> cases;
  const Json file =
      ReadJson(std::string(UNMASK_SOURCE_DIR) + "/src/unmask/score/testdata/metrics.json");
  for (const Json& json : file.at("cases")) {
    cases.push_back({.name = json.at("name"),
                     .scores = json.at("scores").get<std::vector<double>>(),
                     .labels = json.at("labels").get<std::vector<int>>(),
                     .json = json});
  }
  return cases;
}

using Function = std::function<double(const Case&)>;
const std::vector<std::pair<std::string, Function>> kMeasures = {
    {"accuracy", [](const Case& c) { return Accuracy(c.scores, c.labels); }},
    {"balanced_accuracy", [](const Case& c) { return BalancedAccuracy(c.scores, c.labels); }},
    {"log_loss", [](const Case& c) { return LogLoss(c.scores, c.labels); }},
    {"brier_score", [](const Case& c) { return BrierScore(c.scores, c.labels); }},
    {"calibration_error", [](const Case& c) { return CalibrationError(c.scores, c.labels); }},
    {"auc", [](const Case& c) { return AreaUnderRoc(c.scores, c.labels); }},
    {"average_precision", [](const Case& c) { return AveragePrecision(c.scores, c.labels); }},
    {"equal_error_rate", [](const Case& c) { return EqualErrorRate(c.scores, c.labels); }},
    {"tpr_at_1_percent",
     [](const Case& c) { return TruePositiveRateAt(c.scores, c.labels, 0.01); }},
    {"tpr_at_one_per_thousand",
     [](const Case& c) { return TruePositiveRateAt(c.scores, c.labels, 0.001); }},
};

TEST(ReferenceTest, TheMeasuresAreThoseOfScikitLearn) {
  const std::vector<Case> cases = Cases();
  ASSERT_GE(cases.size(), 20u);
  for (const Case& c : cases) {
    for (const auto& [name, function] : kMeasures) {
      const Json& expected = c.json.at("expected").at(name);
      if (expected.is_null()) {
        EXPECT_THROW(function(c), Error) << c.name << ", " << name;
      } else {
        EXPECT_NEAR(function(c), expected.get<double>(), kTolerance) << c.name << ", " << name;
      }
    }
  }
}

TEST(ReferenceTest, TheEvaluationHoldsTheSameValues) {
  for (const Case& c : Cases()) {
    const ScoredItems items{.scores = c.scores,
                            .raw_scores = c.scores,
                            .labels = c.labels,
                            .groups = std::vector<int>(c.labels.begin(), c.labels.end())};
    const Evaluation e = Evaluate(items, {.resamples = 100});
    const std::vector<std::pair<std::string, std::optional<Measure>>> measures = {
        {"accuracy", e.accuracy},
        {"balanced_accuracy", e.balanced_accuracy},
        {"log_loss", e.log_loss},
        {"log_loss", e.raw_log_loss},
        {"brier_score", e.brier_score},
        {"calibration_error", e.calibration_error},
        {"auc", e.auc},
        {"average_precision", e.average_precision},
        {"equal_error_rate", e.equal_error_rate},
        {"tpr_at_1_percent", e.tpr_at_1_percent},
        {"tpr_at_one_per_thousand", e.tpr_at_one_per_thousand}};
    for (const auto& [name, measure] : measures) {
      const Json& expected = c.json.at("expected").at(name);
      ASSERT_EQ(expected.is_null(), !measure) << c.name << ", " << name;
      if (!measure) continue;
      EXPECT_NEAR(measure->value, expected.get<double>(), kTolerance) << c.name << ", " << name;
    }
  }
}

TEST(ReferenceTest, TheCurvesAreThoseOfScikitLearn) {
  int compared = 0;
  const auto near = [](double a, double b) { return std::abs(a - b) < kTolerance; };
  for (const Case& c : Cases()) {
    const auto bins = ReliabilityCurve(c.scores, c.labels);
    const auto reliability = c.json.at("reliability").get<std::vector<std::array<double, 4>>>();
    ASSERT_EQ(bins.size(), reliability.size()) << c.name;
    for (size_t i = 0; i < bins.size(); ++i) {
      const auto& [bin, items, mean, share] = reliability[i];
      EXPECT_TRUE(bins[i].bin == bin && bins[i].items == items && near(bins[i].mean_score, mean) &&
                  near(bins[i].fake_share, share))
          << c.name << ", bin " << bin;
    }
    if (!c.json.contains("roc")) continue;
    ++compared;
    const auto roc = RocCurve(c.scores, c.labels);
    const auto expected_roc = c.json.at("roc").get<std::vector<std::array<double, 3>>>();
    ASSERT_EQ(roc.size(), expected_roc.size() + 1) << c.name;
    EXPECT_TRUE(std::isinf(roc[0].threshold) && roc[0].true_positive_rate == 0);
    for (size_t i = 0; i < expected_roc.size(); ++i) {
      const RocPoint& p = roc[i + 1];
      const auto& [threshold, fpr, tpr] = expected_roc[i];
      EXPECT_TRUE(p.threshold == threshold && near(p.false_positive_rate, fpr) &&
                  near(p.true_positive_rate, tpr))
          << c.name << ", point " << i;
    }
    const auto curve = PrecisionRecallCurve(c.scores, c.labels);
    auto expected = c.json.at("precision_recall").get<std::vector<std::array<double, 3>>>();
    ASSERT_EQ(curve.size(), expected.size()) << c.name;
    for (size_t i = 0; i < expected.size(); ++i) {
      const auto& [threshold, recall, precision] = expected[expected.size() - 1 - i];
      EXPECT_TRUE(curve[i].threshold == threshold && near(curve[i].recall, recall) &&
                  near(curve[i].precision, precision))
          << c.name << ", point " << i;
    }
  }
  EXPECT_GE(compared, 10);
}

}  // namespace
}  // namespace unmask
