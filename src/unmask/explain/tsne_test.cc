#include "unmask/explain/tsne.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>
#include <limits>

#include "unmask/base/error.h"
#include "unmask/explain/neighbours.h"
#include "unmask/explain/quad_tree.h"
#include "unmask/explain/test_points.h"
#include "unmask/explain/tsne_objective.h"

namespace unmask {
namespace {

Affinities AffinitiesOf(const Points& data, size_t k, double perplexity) {
  const auto neighbours = NearestNeighbours(data, k);
  return SymmetricAffinities(neighbours, k, NeighbourProbabilities(neighbours, k, perplexity));
}

// Sums over all pairs, by the formula.
double PlainDivergence(const Affinities& p, const Points& y) {
  const auto q = [&](size_t i, size_t j) {
    const double dx = y.row(i)[0] - y.row(j)[0], dy = y.row(i)[1] - y.row(j)[1];
    return 1 / (1 + dx * dx + dy * dy);
  };
  double z = 0, divergence = 0;
  for (size_t i = 0; i < y.count; ++i) {
    for (size_t j = 0; j < y.count; ++j) z += i != j ? q(i, j) : 0;
  }
  for (size_t i = 0; i < y.count; ++i) {
    for (size_t e = p.row_begin[i]; e < p.row_begin[i + 1]; ++e) {
      divergence += p.value[e] * std::log(p.value[e] * z / q(i, p.column[e]));
    }
  }
  return divergence;
}

bool AllFinite(const Points& points) {
  for (const double value : points.values) {
    if (!std::isfinite(value)) return false;
  }
  return true;
}

// Share of the 10 nearest points on the map that are of the point's own cluster.
double Agreement(const Points& map, size_t clusters) {
  const auto neighbours = NearestNeighbours(map, 10);
  size_t same = 0;
  for (size_t n = 0; n < neighbours.size(); ++n) {
    same += (n / 10) % clusters == neighbours[n].index % clusters;
  }
  return static_cast<double>(same) / static_cast<double>(neighbours.size());
}

TEST(QuadTreeTest, WithThetaZeroItIsTheSumOverAllPairs) {
  Points y = NormalPoints(200, 2, 1);
  for (size_t i = 100; i < 120; ++i) std::copy_n(y.row(0).data(), 2, y.row(i).data());
  const QuadTree tree(y);
  for (size_t i = 0; i < y.count; ++i) {
    std::array<double, 2> force{};
    double weight = 0;
    for (size_t j = 0; j < y.count; ++j) {
      if (i == j) continue;
      const double dx = y.row(i)[0] - y.row(j)[0], dy = y.row(i)[1] - y.row(j)[1];
      const double q = 1 / (1 + dx * dx + dy * dy);
      weight += q;
      force[0] += q * q * dx;
      force[1] += q * q * dy;
    }
    const QuadTree::Repulsion exact = tree.At(i, 0), near = tree.At(i, 0.5);
    EXPECT_NEAR(exact.weight, weight, 1e-10);
    EXPECT_NEAR(near.weight, weight, 0.03 * weight);
    for (size_t d = 0; d < 2; ++d) {
      EXPECT_NEAR(exact.force[d], force[d], 1e-10);
      EXPECT_NEAR(near.force[d], force[d], 0.02 * weight);
    }
  }
}

TEST(QuadTreeTest, EqualPointsAndHugeDistances) {
  Points y(100, 2);  // all zero
  EXPECT_EQ(QuadTree(y).At(3, 0.5).weight, 99);
  EXPECT_EQ(QuadTree(y).At(3, 0.5).force[0], 0);
  y.row(0)[0] = 1e12;
  EXPECT_NEAR(QuadTree(y).At(0, 0.5).weight, 99e-24, 1e-26);
  EXPECT_NEAR(QuadTree(y).At(1, 0.5).weight, 98, 1e-12);
}

TEST(TsneObjectiveTest, TheGradientIsThatOfFiniteDifferences) {
  const Points data = Clusters(40, 4, 3, 5, 2);
  const Affinities p = AffinitiesOf(data, 12, 4);
  Points y = NormalPoints(40, 2, 3);
  EXPECT_NEAR(KlDivergence(p, y, 0), PlainDivergence(p, y), 1e-12);
  const Points exact = KlGradient(p, y, 0), near = KlGradient(p, y, 0.4);
  constexpr double kStep = 1e-5;
  double largest = 0;
  for (const double value : exact.values) largest = std::max(largest, std::abs(value));
  for (size_t v = 0; v < y.values.size(); ++v) {
    const double before = y.values[v];
    y.values[v] = before + kStep;
    const double above = PlainDivergence(p, y);
    y.values[v] = before - kStep;
    const double slope = (above - PlainDivergence(p, y)) / (2 * kStep);
    y.values[v] = before;
    EXPECT_NEAR(exact.values[v], slope, 1e-8);
    EXPECT_NEAR(near.values[v], slope, 0.03 * largest);
  }
}

TEST(TsneObjectiveTest, ExaggerationActsOnTheAttractionOnly) {
  const Points data = NormalPoints(30, 3, 4);
  const Affinities p = AffinitiesOf(data, 9, 3);
  const Points y = NormalPoints(30, 2, 5);
  const Points once = KlGradient(p, y, 0), twice = KlGradient(p, y, 0, 2),
               thrice = KlGradient(p, y, 0, 3);
  for (size_t v = 0; v < y.values.size(); ++v) {
    EXPECT_NEAR(twice.values[v] - once.values[v], thrice.values[v] - twice.values[v], 1e-12);
  }
}

TEST(TsneTest, ClustersStayTogetherAndApart) {
  const Points data = Clusters(300, 60, 5, 12, 6);
  const TsneMap map = Tsne(data);
  EXPECT_EQ(map.points.dimensions, 2u);
  EXPECT_EQ(map.perplexity, 30);
  EXPECT_GT(Agreement(map.points, 5), 0.99);
  EXPECT_LT(Agreement(Tsne(Clusters(300, 60, 5, 0, 6)).points, 5), 0.4);  // no clusters, none seen
  for (size_t d = 0; d < 2; ++d) {
    double mean = 0;
    for (size_t i = 0; i < 300; ++i) mean += map.points.row(i)[d];
    EXPECT_NEAR(mean / 300, 0, 1e-9);
  }
}

TEST(TsneTest, BarnesHutIsAsGoodAsTheExactGradient) {
  const Points data = Clusters(200, 8, 4, 6, 7);
  const TsneMap near = Tsne(data), exact = Tsne(data, {.theta = 0});
  EXPECT_NEAR(near.kl_divergence, exact.kl_divergence, 0.05 * exact.kl_divergence);
  const Affinities p = AffinitiesOf(data, 90, 30);
  EXPECT_NEAR(exact.kl_divergence, PlainDivergence(p, exact.points), 1e-6);
  // The map is a minimum: the gradient is gone, and was there at first.
  double slope = 0;
  for (const double value : KlGradient(p, exact.points, 0).values) slope += value * value;
  EXPECT_LT(std::sqrt(slope), 1e-3);
  EXPECT_LT(exact.kl_divergence, PlainDivergence(p, NormalPoints(200, 2, 8)) / 2);
}

TEST(TsneTest, TheSeedDecidesAndThreadsDoNot) {
  const Points data = Clusters(600, 5, 3, 4, 9);
  const TsneMap one = Tsne(data, {.iterations = 100, .threads = 1});
  EXPECT_EQ(one.points.values, Tsne(data, {.iterations = 100, .threads = 3}).points.values);
  EXPECT_NE(one.points.values, Tsne(data, {.iterations = 100, .seed = 2}).points.values);
}

TEST(TsneTest, EqualPointsAreNoTrouble) {
  Points data = NormalPoints(120, 4, 10);
  for (size_t i = 1; i < 80; ++i) std::copy_n(data.row(0).data(), 4, data.row(i).data());
  EXPECT_TRUE(AllFinite(Tsne(data).points));
  for (double& value : data.values) value = 3;
  const TsneMap map = Tsne(data);
  EXPECT_TRUE(AllFinite(map.points));
  EXPECT_TRUE(std::isfinite(map.kl_divergence));
  EXPECT_NE(map.points.values, Points(120, 2).values);  // not all in one place
}

TEST(TsneTest, FewPoints) {
  for (size_t count = 1; count <= 12; ++count) {
    const TsneMap map = Tsne(NormalPoints(count, 3, count));
    EXPECT_EQ(map.points.count, count);
    EXPECT_TRUE(AllFinite(map.points)) << count;
    EXPECT_TRUE(std::isfinite(map.kl_divergence)) << count;
    EXPECT_GE(map.perplexity, 1);
    EXPECT_LE(map.perplexity, std::max(1.0, (static_cast<double>(count) - 1) / 3));
  }
}

TEST(TsneTest, WhatCannotBeMappedIsRefused) {
  EXPECT_THROW(Tsne({}), Error);
  Points data = NormalPoints(10, 2, 11);
  data.row(4)[1] = std::numeric_limits<double>::quiet_NaN();
  try {
    Tsne(data);
    FAIL();
  } catch (const Error& e) {
    EXPECT_THAT(e.problem(), testing::HasSubstr("number 5"));
  }
  data.row(4)[1] = 0;
  for (const TsneOptions& options :
       {TsneOptions{.perplexity = 0.5}, TsneOptions{.theta = 1.5}, TsneOptions{.theta = -1},
        TsneOptions{.iterations = 0}, TsneOptions{.exaggeration = 0}, TsneOptions{.threads = -1},
        TsneOptions{.learning_rate = -1}, TsneOptions{.input_dimensions = -1},
        TsneOptions{.perplexity = std::numeric_limits<double>::quiet_NaN()}}) {
    EXPECT_THROW(Tsne(data, options), UsageError);
  }
  EXPECT_THROW(Tsne(data, {.learning_rate = 1e300}), Error);
}

TEST(TsneTest, TellsItsProgressAndStops) {
  const Points data = NormalPoints(20, 3, 12);
  CancelToken cancel;
  int calls = 0;
  const auto watch = [&](int done, int total) {
    EXPECT_EQ(done, ++calls);
    EXPECT_EQ(total, 50);
    if (done == 10) cancel.Cancel();
  };
  EXPECT_THROW(Tsne(data, {.iterations = 50}, &cancel, watch), Cancelled);
  EXPECT_EQ(calls, 10);
}

}  // namespace
}  // namespace unmask
