#include "unmask/score/delong.h"

#include <gtest/gtest.h>

#include <cmath>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "unmask/base/error.h"
#include "unmask/base/json.h"
#include "unmask/base/random.h"
#include "unmask/score/bootstrap.h"
#include "unmask/score/metrics.h"

namespace unmask {
namespace {

// The definition by loops over all pairs: DeLong et al. (1988), equations 3 to 6.
double SlowCovariance(const std::vector<double>& a, const std::vector<double>& b,
                      const std::vector<int>& labels) {
  double total = 0;
  for (const int label : {0, 1}) {
    std::vector<double> of_a, of_b;
    for (size_t i = 0; i < labels.size(); ++i) {
      if (labels[i] != label) continue;
      double sum_a = 0, sum_b = 0, others = 0;
      for (size_t j = 0; j < labels.size(); ++j) {
        if (labels[j] == label) continue;
        const auto share = [&](const std::vector<double>& s) {
          const double fake = label == 1 ? s[i] : s[j], real = label == 1 ? s[j] : s[i];
          return fake > real ? 1.0 : fake == real ? 0.5 : 0.0;
        };
        sum_a += share(a);
        sum_b += share(b);
        ++others;
      }
      of_a.push_back(sum_a / others);
      of_b.push_back(sum_b / others);
    }
    const auto n = static_cast<double>(of_a.size());
    double sum = 0;
    for (size_t i = 0; i < of_a.size(); ++i) {
      sum += (of_a[i] - AreaUnderRoc(a, labels)) * (of_b[i] - AreaUnderRoc(b, labels));
    }
    total += sum / (n - 1) / n;
  }
  return total;
}

struct Scored {
  std::vector<double> a, b;
  std::vector<int> labels;
  std::vector<int> groups;
};

// `levels` distinct scores: few make ties. Groups of `group_size` share a part of their scores.
Scored RandomScores(uint64_t seed, size_t items, double levels, size_t group_size = 1) {
  Random random(seed);
  Scored scored;
  double person = 0;
  for (size_t i = 0; i < items; ++i) {
    if (i % group_size == 0) person = Normal(random, 0, 1);
    const int label = i % 3 == 0 ? 0 : 1;
    const double common = Normal(random, 0, 0.5) + person + label;
    const auto score = [&] {
      const double p = 1 / (1 + std::exp(-common - Normal(random, 0, 1)));
      return std::round(p * levels) / levels;
    };
    scored.a.push_back(score());
    scored.b.push_back(score());
    scored.labels.push_back(label);
    scored.groups.push_back(static_cast<int>(i / group_size));
  }
  return scored;
}

TEST(DeLongTest, EqualsTheLoopOverAllPairs) {
  for (uint64_t seed = 0; seed < 40; ++seed) {
    const size_t items = 6 + seed * 3;
    const Scored s = RandomScores(seed, items, seed % 2 == 0 ? 1e6 : 4);
    const AucComparison c = CompareAucs(s.a, s.b, s.labels);
    EXPECT_NEAR(c.a.auc, AreaUnderRoc(s.a, s.labels), 1e-12);
    EXPECT_NEAR(c.a.variance, SlowCovariance(s.a, s.a, s.labels), 1e-12) << seed;
    EXPECT_NEAR(c.b.variance, SlowCovariance(s.b, s.b, s.labels), 1e-12) << seed;
    EXPECT_NEAR(c.covariance, SlowCovariance(s.a, s.b, s.labels), 1e-12) << seed;
    EXPECT_NEAR(c.standard_error * c.standard_error, c.a.variance + c.b.variance - 2 * c.covariance,
                1e-12);
    EXPECT_DOUBLE_EQ(DeLongVariance(s.a, s.labels).variance, c.a.variance);
  }
}

TEST(DeLongTest, EqualsTheReferences) {
  const Json file =
      ReadJson(std::string(UNMASK_SOURCE_DIR) + "/src/unmask/score/testdata/statistics.json");
  for (const Json& json : file.at("aucs")) {
    const auto a = json.at("a").get<std::vector<double>>();
    const auto b = json.at("b").get<std::vector<double>>();
    const AucComparison c = CompareAucs(a, b, json.at("labels").get<std::vector<int>>(),
                                        json.at("groups").get<std::vector<int>>());
    EXPECT_NEAR(c.a.auc, json.at("auc_a"), 1e-12);
    EXPECT_NEAR(c.b.auc, json.at("auc_b"), 1e-12);
    EXPECT_NEAR(c.a.variance, json.at("variance_a"), 1e-12);
    EXPECT_NEAR(c.b.variance, json.at("variance_b"), 1e-12);
    EXPECT_NEAR(c.covariance, json.at("covariance"), 1e-12);
    EXPECT_NEAR(c.z, json.at("z"), 1e-8);
    EXPECT_NEAR(c.p, json.at("p"), 1e-9);
  }
  EXPECT_GE(file.at("aucs").size(), 4u);
}

// What the formula estimates, without it: how the AUC varies over resamples of groups.
TEST(DeLongTest, AgreesWithABootstrapOverGroups) {
  for (const size_t group_size : {1, 5}) {
    const Scored s = RandomScores(3, 400, 1e6, group_size);
    GroupResampler resampler(s.groups, 1);
    std::vector<double> weights;
    double sum = 0, squares = 0;
    constexpr int kResamples = 2000;
    for (int r = 0; r < kResamples; ++r) {
      resampler.Draw(weights);
      std::vector<double> scores;
      std::vector<int> labels;
      for (size_t i = 0; i < weights.size(); ++i) {
        for (double w = 0; w < weights[i]; ++w) {
          scores.push_back(s.a[i]);
          labels.push_back(s.labels[i]);
        }
      }
      const double auc = AreaUnderRoc(scores, labels);
      sum += auc;
      squares += auc * auc;
    }
    const double mean = sum / kResamples;
    const double deviation = std::sqrt(squares / kResamples - mean * mean);
    const double estimate = std::sqrt(DeLongVariance(s.a, s.labels, s.groups).variance);
    EXPECT_NEAR(estimate / deviation, 1, 0.1) << group_size;
  }
}

TEST(DeLongTest, AClipAndItsFakesAreNotIndependent) {
  const Scored s = RandomScores(5, 300, 1e6, 6);
  // A person shifts the scores of all of his items alike, which cancels in an AUC in part.
  const double alone = DeLongVariance(s.a, s.labels).variance;
  const double together = DeLongVariance(s.a, s.labels, s.groups).variance;
  EXPECT_GT(std::abs(alone - together), 0.1 * alone);
  // Groups of one item: the same whatever they are called.
  std::vector<int> names;
  for (size_t i = 0; i < s.labels.size(); ++i) names.push_back(static_cast<int>(1000 - i * 3));
  EXPECT_NEAR(DeLongVariance(s.a, s.labels, names).variance, alone, 1e-15);
}

TEST(DeLongTest, FalseAlarmsComeAtTheRateOfTheLevel) {
  int alarms = 0;
  constexpr int kTrials = 1000;
  for (int t = 0; t < kTrials; ++t) {
    const Scored s = RandomScores(1000 + static_cast<uint64_t>(t), 90, 1e9);  // a and b alike
    alarms += CompareAucs(s.a, s.b, s.labels).p < 0.05;
  }
  EXPECT_NEAR(static_cast<double>(alarms) / kTrials, 0.05, 0.02);
}

TEST(DeLongTest, ClearWhereThereIsNoDoubt) {
  const std::vector<int> labels = {0, 0, 0, 1, 1, 1};
  const std::vector<double> perfect = {0.1, 0.2, 0.3, 0.7, 0.8, 0.9};
  const std::vector<double> constant(6, 0.4);
  const std::vector<double> mixed = {0.1, 0.75, 0.3, 0.7, 0.8, 0.9};
  EXPECT_EQ(DeLongVariance(perfect, labels).auc, 1);
  EXPECT_EQ(DeLongVariance(perfect, labels).variance, 0);
  EXPECT_EQ(DeLongVariance(constant, labels).auc, 0.5);
  EXPECT_EQ(DeLongVariance(constant, labels).variance, 0);

  const AucComparison same = CompareAucs(mixed, mixed, labels);
  EXPECT_EQ(same.p, 1);
  EXPECT_EQ(same.z, 0);
  EXPECT_EQ(same.interval.low, 0);
  EXPECT_EQ(same.interval.high, 0);
  // The order alone counts.
  std::vector<double> squashed;
  for (const double score : mixed) squashed.push_back(score * score);
  EXPECT_EQ(CompareAucs(mixed, squashed, labels).p, 1);

  const AucComparison apart = CompareAucs(perfect, constant, labels);
  EXPECT_EQ(apart.difference, 0.5);
  EXPECT_TRUE(std::isnan(apart.p) && std::isnan(apart.z) && std::isnan(apart.interval.low));

  const AucComparison better = CompareAucs(perfect, mixed, labels);
  const AucComparison worse = CompareAucs(mixed, perfect, labels);
  EXPECT_GT(better.z, 0);
  EXPECT_DOUBLE_EQ(better.z, -worse.z);
  EXPECT_DOUBLE_EQ(better.p, worse.p);
  EXPECT_LT(better.interval.low, better.difference);
  EXPECT_GT(better.interval.high, better.difference);
}

TEST(DeLongTest, TooFewItemsHaveNoVariance) {
  const AucComparison one =
      CompareAucs(std::vector{0.1, 0.2, 0.9}, std::vector{0.9, 0.2, 0.1}, std::vector{0, 0, 1});
  EXPECT_TRUE(std::isnan(one.a.variance) && std::isnan(one.p));
  // Two fake items of one person are one.
  const std::vector<double> scores = {0.1, 0.6, 0.5, 0.9};
  const std::vector<int> labels = {0, 0, 1, 1}, groups = {0, 1, 2, 2};
  EXPECT_TRUE(std::isnan(DeLongVariance(scores, labels, groups).variance));
  EXPECT_FALSE(std::isnan(DeLongVariance(scores, labels).variance));
}

TEST(DeLongTest, BadInputIsRefused) {
  const std::vector<double> scores = {0.1, 0.9};
  const std::vector<int> labels = {0, 1};
  EXPECT_THROW(DeLongVariance({}, {}), Error);
  EXPECT_THROW(DeLongVariance(scores, std::vector{1, 1}), Error);
  EXPECT_THROW(DeLongVariance(scores, std::vector{0, 2}), Error);
  EXPECT_THROW(DeLongVariance(std::vector{0.1, std::nan("")}, labels), Error);
  EXPECT_THROW(DeLongVariance(scores, labels, std::vector{1}), Error);
  EXPECT_THROW(CompareAucs(scores, std::vector{0.5}, labels), Error);
  EXPECT_THROW(CompareAucs(scores, scores, labels, {}, 1), Error);
}

}  // namespace
}  // namespace unmask
