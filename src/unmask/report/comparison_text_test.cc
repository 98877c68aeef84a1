#include "unmask/report/comparison_text.h"

#include <gtest/gtest.h>

#include <cmath>
#include <string>

#include "unmask/report/text_table.h"

namespace unmask {
namespace {

PairedDifference Difference(double difference, double low, double high, double p) {
  return {.difference = difference, .interval = {low, high}, .p = p};
}

TEST(ComparisonTextTest, SaysWhichIsBetterAndByHowMuch) {
  EXPECT_EQ(DifferenceText(ComparedMeasure::kAuc, "fusion", "softmax",
                           Difference(0.012, 0.003, 0.022, 0.01)),
            "AUC: fusion is better than softmax by 1.2 points (0.3 … 2.2), p = 0.010");
  EXPECT_EQ(DifferenceText(ComparedMeasure::kAccuracy, "fusion", "softmax",
                           Difference(-0.012, -0.022, -0.003, 0.0001)),
            "accuracy: fusion is worse than softmax by 1.2 points (0.3 … 2.2), p < 0.001");
  // A lower log loss is the better one.
  EXPECT_EQ(
      DifferenceText(ComparedMeasure::kLogLoss, "a", "b", Difference(-0.1234, -0.2, -0.05, 0.002)),
      "log loss: a is better than b by 0.1234 (0.0500 … 0.2000), p = 0.002");
}

TEST(ComparisonTextTest, SaysWhatIsNoise) {
  EXPECT_EQ(DifferenceText(ComparedMeasure::kBalancedAccuracy, "a", "b",
                           Difference(0.004, -0.009, 0.016, 0.55)),
            "balanced accuracy: a cannot be told from b: +0.4 points (-0.9 … 1.6), p = 0.550");
  const double nan = std::nan("");
  EXPECT_EQ(DifferenceText(ComparedMeasure::kAuc, "a", "b", Difference(0.2, nan, nan, nan)),
            "AUC: a cannot be told from b: +20.0 points, p unknown");
  EXPECT_EQ(DifferenceText(ComparedMeasure::kAuc, "a", "b", Difference(-1e-9, 0, 0, 1)),
            "AUC: a cannot be told from b: 0.0 points (0.0 … 0.0), p = 1.000");
  // The level is the caller's.
  const PairedDifference doubtful = Difference(0.01, 0.001, 0.02, 0.03);
  EXPECT_NE(DifferenceText(ComparedMeasure::kAuc, "a", "b", doubtful).find("better"),
            std::string::npos);
  EXPECT_EQ(DifferenceText(ComparedMeasure::kAuc, "a", "b", doubtful, 0.01).find("better"),
            std::string::npos);
}

TEST(TextTableTest, CountsCharactersNotBytes) {
  EXPECT_EQ(WidthOf("größe…"), 6u);
  EXPECT_EQ(AlignLeft("größe", 7), "größe  ");
  EXPECT_EQ(AlignRight("größe", 7), "  größe");
  EXPECT_EQ(AlignLeft("longer", 3), "longer");
  EXPECT_EQ(AlignRight("longer", 3), " longer");
}

TEST(TextTableTest, TheMiddleOfALongNameGoes) {
  EXPECT_EQ(CutMiddle("short", 5), "short");
  EXPECT_EQ(CutMiddle("0123456789", 5), "01…89");
  EXPECT_EQ(CutMiddle("ääääääüü", 4), "ää…ü");
  EXPECT_EQ(WidthOf(CutMiddle(std::string(100, 'x'), 40)), 40u);
  EXPECT_EQ(CutMiddle("", 5), "");
}

}  // namespace
}  // namespace unmask
