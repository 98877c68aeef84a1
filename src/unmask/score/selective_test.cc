#include "unmask/score/selective.h"

#include <gtest/gtest.h>

#include <cmath>
#include <vector>

#include "unmask/base/error.h"

namespace unmask {
namespace {

TEST(RiskCoverage, WorkedExample) {
  // By falling confidence: right, wrong and right together, wrong.
  const std::vector<double> confidences = {0.5, 0.9, 0.5, 0.1};
  const std::vector<int> wrong = {1, 0, 0, 1};
  const auto curve = RiskCoverageCurve(confidences, wrong);
  ASSERT_EQ(curve.size(), 3u);
  EXPECT_DOUBLE_EQ(curve[0].coverage, 0.25);
  EXPECT_DOUBLE_EQ(curve[0].risk, 0);
  EXPECT_DOUBLE_EQ(curve[1].coverage, 0.75);
  EXPECT_DOUBLE_EQ(curve[1].risk, 1.0 / 3);
  EXPECT_DOUBLE_EQ(curve[2].coverage, 1);
  EXPECT_DOUBLE_EQ(curve[2].risk, 0.5);
  // Risks after 1, 2, 3, 4 answers: 0, 0.5/2, 1/3, 2/4.
  EXPECT_DOUBLE_EQ(AreaUnderRiskCoverage(confidences, wrong), (0 + 0.25 + 1.0 / 3 + 0.5) / 4);
}

TEST(RiskCoverage, ConfidencesThatSayNothingGiveTheShareOfErrors) {
  const std::vector<double> same(10, 0.3);
  std::vector<int> wrong(10, 0);
  wrong[2] = wrong[7] = wrong[9] = 1;
  EXPECT_DOUBLE_EQ(AreaUnderRiskCoverage(same, wrong), 0.3);
  EXPECT_EQ(RiskCoverageCurve(same, wrong).size(), 1u);
}

TEST(RiskCoverage, BadInputIsRefused) {
  const std::vector<double> one = {0.5}, none, bad = {std::nan("")};
  const std::vector<int> two = {0, 1}, wrong = {0};
  EXPECT_THROW(RiskCoverageCurve(one, two), Error);
  EXPECT_THROW(RiskCoverageCurve(none, std::vector<int>{}), Error);
  EXPECT_THROW(AreaUnderRiskCoverage(bad, wrong), Error);
}

TEST(Confidence, GrowsAwayFromTheThresholdAndDoubtfulItemsComeLast) {
  EXPECT_DOUBLE_EQ(Confidence(0.8, 0.8, false), 0);
  EXPECT_DOUBLE_EQ(Confidence(0.9, 0.8, false), 0.5);
  EXPECT_DOUBLE_EQ(Confidence(1, 0.8, false), 1);
  EXPECT_DOUBLE_EQ(Confidence(0.4, 0.8, false), 0.5);
  EXPECT_DOUBLE_EQ(Confidence(0, 0.8, false), 1);
  EXPECT_DOUBLE_EQ(Confidence(1, 1, false), 1);  // no room on that side
  EXPECT_LE(Confidence(0, 0.8, true), Confidence(0.8, 0.8, false));
}

}  // namespace
}  // namespace unmask
