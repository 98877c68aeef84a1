#include "unmask/explain/pca.h"

#include <gtest/gtest.h>

#include <limits>

#include "unmask/base/error.h"
#include "unmask/explain/test_points.h"

namespace unmask {
namespace {

double Dot(std::span<const double> a, std::span<const double> b) {
  double sum = 0;
  for (size_t d = 0; d < a.size(); ++d) sum += a[d] * b[d];
  return sum;
}

// Four points on the line (3, 4) / 5 · t and a little beside it: t = −2, −1, 1, 2 and offsets of
// ∓0.1 along (−4, 3) / 5.
TEST(PcaTest, WorkedNumbers) {
  const double s[4] = {-2, -1, 1, 2}, o[4] = {0.1, -0.1, -0.1, 0.1};
  Points data(4, 2);
  for (size_t i = 0; i < 4; ++i) {
    data.row(i)[0] = 10 + 0.6 * s[i] - 0.8 * o[i];
    data.row(i)[1] = -5 + 0.8 * s[i] + 0.6 * o[i];
  }
  const Pca pca = FitPca(data, 2);
  EXPECT_NEAR(pca.mean[0], 10, 1e-12);
  EXPECT_NEAR(pca.mean[1], -5, 1e-12);
  EXPECT_NEAR(pca.variances[0], 10.0 / 3, 1e-9);
  EXPECT_NEAR(pca.variances[1], 0.04 / 3, 1e-9);
  EXPECT_NEAR(pca.components.row(0)[0], 0.6, 1e-9);
  EXPECT_NEAR(pca.components.row(0)[1], 0.8, 1e-9);
  EXPECT_NEAR(pca.components.row(1)[0], 0.8, 1e-9);
  EXPECT_NEAR(pca.components.row(1)[1], -0.6, 1e-9);
  EXPECT_NEAR(pca.ExplainedShare(0), 10 / 10.04, 1e-9);
  EXPECT_NEAR(pca.ExplainedShare(1), 0.04 / 10.04, 1e-9);
  const Points projected = pca.Project(data);
  for (size_t i = 0; i < 4; ++i) {
    EXPECT_NEAR(projected.row(i)[0], s[i], 1e-9);
    EXPECT_NEAR(projected.row(i)[1], -o[i], 1e-9);
  }
}

// Larger than the block that is iterated: directions of standard deviation 9, 8, 7 … stand along
// the axes.
TEST(PcaTest, ManyDimensionsAndFewComponents) {
  Points data = NormalPoints(4000, 120, 1, 0.2);
  for (size_t i = 0; i < data.count; ++i) {
    for (size_t d = 0; d < 6; ++d) data.row(i)[d] *= 5 * (9.0 - static_cast<double>(d));
  }
  const Pca pca = FitPca(data, 4);
  ASSERT_EQ(pca.components.count, 4u);
  for (size_t c = 0; c < 4; ++c) {
    const double deviation = 9.0 - static_cast<double>(c);
    EXPECT_NEAR(std::sqrt(pca.variances[c]), deviation, 0.05 * deviation);
    EXPECT_GT(pca.components.row(c)[c], 0.95);
    // What it says of the variance is true of the points.
    const Points projected = pca.Project(data);
    double sum = 0;
    for (size_t i = 0; i < data.count; ++i) sum += std::pow(projected.row(i)[c], 2);
    EXPECT_NEAR(sum / (static_cast<double>(data.count) - 1), pca.variances[c], 1e-6);
    for (size_t other = 0; other <= c; ++other) {
      EXPECT_NEAR(Dot(pca.components.row(c), pca.components.row(other)), c == other, 1e-9);
    }
  }
}

TEST(PcaTest, MorePointsThanDimensionsOrFewer) {
  EXPECT_EQ(FitPca(NormalPoints(30, 3, 2), 50).components.count, 3u);
  const Pca few = FitPca(NormalPoints(3, 30, 3), 50);
  EXPECT_EQ(few.components.count, 3u);  // the last one has no variance
  EXPECT_NEAR(few.variances[2], 0, 1e-9);
  EXPECT_NEAR(few.variances[0] + few.variances[1], few.total_variance, 1e-9);
}

TEST(PcaTest, PointsThatDoNotVary) {
  Points data(5, 3);
  for (double& value : data.values) value = 7;
  const Pca pca = FitPca(data, 2);
  EXPECT_EQ(pca.variances[0], 0);
  EXPECT_EQ(pca.ExplainedShare(0), 0);
  for (const double value : pca.Project(data).values) EXPECT_EQ(value, 0);
  EXPECT_EQ(FitPca(NormalPoints(1, 3, 4), 2).variances, std::vector<double>{0});
}

TEST(PcaTest, TheSeedHardlyMatters) {
  const Points data = Clusters(500, 100, 4, 6, 5);
  const Pca one = FitPca(data, 3, 1), two = FitPca(data, 3, 2);
  for (size_t v = 0; v < one.components.values.size(); ++v) {
    EXPECT_NEAR(one.components.values[v], two.components.values[v], 1e-6);
  }
}

TEST(PcaTest, WhatCannotBeAnalysedIsRefused) {
  EXPECT_THROW(FitPca({}, 2), Error);
  EXPECT_THROW(FitPca(NormalPoints(4, 2, 6), 0), Error);
  Points data = NormalPoints(4, 2, 7);
  data.values[3] = std::numeric_limits<double>::infinity();
  EXPECT_THROW(FitPca(data, 2), Error);
  EXPECT_THROW(FitPca(NormalPoints(4, 2, 8), 2).Project(NormalPoints(4, 3, 9)), Error);
}

}  // namespace
}  // namespace unmask
