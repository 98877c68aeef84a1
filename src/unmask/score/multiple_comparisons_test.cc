#include "unmask/score/multiple_comparisons.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "unmask/base/error.h"
#include "unmask/base/json.h"
#include "unmask/score/normal_range.h"

namespace unmask {
namespace {

using testing::DoubleNear;
using testing::ElementsAre;
using testing::Pointwise;

using Table = std::vector<std::vector<double>>;

Json References() {
  return ReadJson(std::string(UNMASK_SOURCE_DIR) + "/src/unmask/score/testdata/statistics.json");
}

TEST(AdjustTest, EqualsStatsmodels) {
  const Json references = References();
  for (const Json& json : references.at("adjusted")) {
    const auto p = json.at("p").get<std::vector<double>>();
    const auto holm = json.at("holm").get<std::vector<double>>();
    const auto fdr = json.at("benjamini_hochberg").get<std::vector<double>>();
    EXPECT_THAT(AdjustHolm(p), Pointwise(DoubleNear(1e-12), holm));
    EXPECT_THAT(AdjustBenjaminiHochberg(p), Pointwise(DoubleNear(1e-12), fdr));
  }
}

TEST(AdjustTest, WhatIsNotANumberDoesNotCount) {
  const double nan = std::nan("");
  const std::vector<double> holm = AdjustHolm(std::vector{0.01, nan, 0.04});
  EXPECT_DOUBLE_EQ(holm[0], 0.02);
  EXPECT_TRUE(std::isnan(holm[1]));
  EXPECT_DOUBLE_EQ(holm[2], 0.04);
  EXPECT_TRUE(std::isnan(AdjustBenjaminiHochberg(std::vector{nan, 0.5})[0]));
  EXPECT_TRUE(AdjustHolm({}).empty());
  EXPECT_THROW(AdjustHolm(std::vector{0.1, 1.1}), Error);
  EXPECT_THROW(AdjustBenjaminiHochberg(std::vector{-0.1}), Error);
}

// Demšar (2006), table 6: the AUC of four variants of C4.5 on fourteen data sets. Two values are
// printed as 0.975 there but have the ranks 2 and 3, not 2.5.
const Table kDemsar = {{0.763, 0.599, 0.954, 0.628, 0.882, 0.936, 0.661, 0.583, 0.775, 1.000, 0.940,
                        0.619, 0.972, 0.957},
                       {0.768, 0.591, 0.971, 0.661, 0.888, 0.931, 0.668, 0.583, 0.838, 1.000, 0.962,
                        0.666, 0.981, 0.978},
                       {0.771, 0.590, 0.968, 0.654, 0.886, 0.916, 0.609, 0.563, 0.866, 1.000, 0.965,
                        0.614, 0.97501, 0.946},
                       {0.798, 0.569, 0.967, 0.657, 0.898, 0.931, 0.685, 0.625, 0.875, 1.000, 0.962,
                        0.669, 0.975, 0.970}};

TEST(FriedmanRanksTest, DemsarsExample) {
  const FriedmanTest test = RunFriedmanTest(kDemsar, true);
  EXPECT_EQ(test.methods, 4u);
  EXPECT_EQ(test.blocks, 14u);
  EXPECT_THAT(test.average_ranks, Pointwise(DoubleNear(0.0005), {3.143, 2.000, 2.893, 1.964}));
  // The paper does not correct for its few ties: 9.28 and 3.69.
  double squares = 0;
  for (const double rank : test.average_ranks) squares += rank * rank;
  const double uncorrected = 12 * 14 / (4 * 5.0) * (squares - 4 * 25 / 4.0);
  EXPECT_NEAR(uncorrected, 9.28, 0.005);
  EXPECT_GT(test.chi_squared, uncorrected);
  EXPECT_LT(test.chi_squared, 1.15 * uncorrected);
  EXPECT_LT(test.p_f, 0.05);
  EXPECT_NEAR(NemenyiCriticalDifference(4, 14, 0.05), 1.25, 0.005);
  EXPECT_NEAR(NemenyiCriticalDifference(4, 14, 0.10), 1.12, 0.005);
  // As the paper finds: at 5 % nothing differs, at 10 % C4.5 is worse than the two with m.
  EXPECT_THAT(RankCliques(test.average_ranks, NemenyiCriticalDifference(4, 14)),
              ElementsAre(ElementsAre(3, 1, 2, 0)));
  EXPECT_THAT(RankCliques(test.average_ranks, NemenyiCriticalDifference(4, 14, 0.10)),
              ElementsAre(ElementsAre(3, 1, 2), ElementsAre(2, 0)));
}

TEST(FriedmanRanksTest, EqualsScipy) {
  const Json references = References();
  for (const Json& json : references.at("friedman")) {
    const FriedmanTest test = RunFriedmanTest(json.at("values").get<Table>(), true);
    EXPECT_THAT(test.average_ranks,
                Pointwise(DoubleNear(1e-12), json.at("ranks").get<std::vector<double>>()));
    EXPECT_NEAR(test.chi_squared, json.at("chi_squared"), 1e-10);
    EXPECT_NEAR(test.p_chi_squared, json.at("p"), 1e-10);
    EXPECT_NEAR(test.f, json.at("f"), 1e-10);
    EXPECT_NEAR(test.p_f, json.at("p_f"), 1e-10);
  }
}

TEST(FriedmanRanksTest, WhatIsBetterIsTheCallers) {
  const FriedmanTest up = RunFriedmanTest(kDemsar, true);
  const FriedmanTest down = RunFriedmanTest(kDemsar, false);
  for (size_t m = 0; m < 4; ++m) {
    EXPECT_NEAR(up.average_ranks[m] + down.average_ranks[m], 5, 1e-12);
  }
  EXPECT_NEAR(up.chi_squared, down.chi_squared, 1e-10);
}

TEST(FriedmanRanksTest, Extremes) {
  const FriedmanTest equal = RunFriedmanTest({{0.5, 0.6}, {0.5, 0.6}, {0.5, 0.6}}, true);
  EXPECT_EQ(equal.p_f, 1);
  EXPECT_EQ(equal.p_chi_squared, 1);
  EXPECT_THAT(equal.average_ranks, ElementsAre(2, 2, 2));
  const FriedmanTest clear = RunFriedmanTest({{3, 3, 3}, {2, 2, 2}, {1, 1, 1}}, true);
  EXPECT_NEAR(clear.chi_squared, 6, 1e-12);
  EXPECT_EQ(clear.f, std::numeric_limits<double>::infinity());
  EXPECT_EQ(clear.p_f, 0);
  EXPECT_THROW(RunFriedmanTest({}, true), Error);
  EXPECT_THROW(RunFriedmanTest({{1, 2}}, true), Error);
  EXPECT_THROW(RunFriedmanTest({{1}, {2}}, true), Error);
  EXPECT_THROW(RunFriedmanTest({{1, 2}, {2}}, true), Error);
  EXPECT_THROW(RunFriedmanTest({{1, 2}, {2, std::nan("")}}, true), Error);
}

// Demšar (2006), table 5(a).
TEST(NemenyiTest, ThePublishedTable) {
  const std::vector<double> at_5 = {1.960, 2.343, 2.569, 2.728, 2.850, 2.949, 3.031, 3.102, 3.164};
  const std::vector<double> at_10 = {1.645, 2.052, 2.291, 2.459, 2.589, 2.693, 2.780, 2.855, 2.920};
  for (size_t k = 2; k <= 10; ++k) {
    EXPECT_NEAR(NormalRangeQuantile(k, 0.95) / std::sqrt(2), at_5[k - 2], 0.0011) << k;
    EXPECT_NEAR(NormalRangeQuantile(k, 0.90) / std::sqrt(2), at_10[k - 2], 0.0011) << k;
  }
}

TEST(NemenyiTest, RangesEqualScipy) {
  const Json references = References();
  for (const Json& json : references.at("ranges")) {
    const size_t count = json.at("count");
    const double cdf = NormalRangeCdf(count, json.at("range"));
    EXPECT_NEAR(cdf, json.at("cdf"), 1e-9) << json.dump();
    if (cdf < 1e-3 || cdf > 0.999) continue;
    EXPECT_NEAR(NormalRangeQuantile(count, cdf), json.at("range"), 1e-7);
  }
  // Two values: their difference is normal with variance 2.
  EXPECT_NEAR(NormalRangeCdf(2, 1.5), std::erf(1.5 / 2), 1e-13);
  EXPECT_EQ(NormalRangeCdf(5, 0), 0);
  EXPECT_NEAR(NormalRangeCdf(5, 40), 1, 1e-12);
  EXPECT_THROW(NormalRangeCdf(1, 1), Error);
  EXPECT_THROW(NormalRangeQuantile(3, 1), Error);
}

TEST(NemenyiTest, ThePValueTurnsAtTheCriticalDifference) {
  for (const size_t methods : {2, 4, 8, 12}) {
    const double critical = NemenyiCriticalDifference(methods, 15, 0.05);
    EXPECT_NEAR(NemenyiP(critical, methods, 15), 0.05, 1e-9);
    EXPECT_NEAR(NemenyiP(-critical, methods, 15), 0.05, 1e-9);
    EXPECT_LT(NemenyiP(critical * 1.1, methods, 15), 0.05);
  }
  EXPECT_EQ(NemenyiP(0, 4, 10), 1);
  EXPECT_THROW(NemenyiCriticalDifference(1, 10), Error);
  EXPECT_THROW(NemenyiCriticalDifference(3, 1), Error);
  EXPECT_THROW(NemenyiCriticalDifference(3, 10, 0), Error);
}

TEST(RankCliquesTest, LargestOnly) {
  const std::vector<double> ranks = {5, 1, 2, 3, 4};
  EXPECT_THAT(RankCliques(ranks, 1.5), ElementsAre(ElementsAre(1, 2), ElementsAre(2, 3),
                                                   ElementsAre(3, 4), ElementsAre(4, 0)));
  EXPECT_THAT(RankCliques(ranks, 3.5),
              ElementsAre(ElementsAre(1, 2, 3, 4), ElementsAre(2, 3, 4, 0)));
  EXPECT_THAT(RankCliques(ranks, 10), ElementsAre(ElementsAre(1, 2, 3, 4, 0)));
  EXPECT_TRUE(RankCliques(ranks, 1).empty());  // a difference as large as the critical one counts
  EXPECT_TRUE(RankCliques({}, 1).empty());
}

}  // namespace
}  // namespace unmask
