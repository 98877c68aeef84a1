#include "unmask/explain/neighbours.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <set>
#include <utility>

#include "unmask/base/error.h"
#include "unmask/explain/affinities.h"
#include "unmask/explain/test_points.h"

namespace unmask {
namespace {

double SquaredDistance(const Points& points, size_t i, size_t j) {
  double sum = 0;
  for (size_t d = 0; d < points.dimensions; ++d) {
    sum += std::pow(points.row(i)[d] - points.row(j)[d], 2);
  }
  return sum;
}

TEST(NeighboursTest, AreThoseOfTryingAllPairs) {
  const Points points = NormalPoints(300, 7, 1);
  constexpr size_t kK = 20;
  const std::vector<Neighbour> found = NearestNeighbours(points, kK, 3);
  ASSERT_EQ(found.size(), points.count * kK);
  for (size_t i = 0; i < points.count; ++i) {
    std::vector<std::pair<double, size_t>> all;
    for (size_t j = 0; j < points.count; ++j) {
      if (j != i) all.emplace_back(SquaredDistance(points, i, j), j);
    }
    std::sort(all.begin(), all.end());
    for (size_t n = 0; n < kK; ++n) {
      EXPECT_EQ(found[i * kK + n].index, all[n].second) << i << ", " << n;
      EXPECT_NEAR(found[i * kK + n].squared_distance, all[n].first, 1e-9);
    }
  }
}

TEST(NeighboursTest, APointIsNotItsOwnNeighbour) {
  Points points = NormalPoints(40, 3, 2);
  for (size_t i = 1; i < 20; ++i) std::copy_n(points.row(0).data(), 3, points.row(i).data());
  const std::vector<Neighbour> found = NearestNeighbours(points, 5);
  for (size_t i = 0; i < points.count; ++i) {
    std::set<uint32_t> indices;
    for (size_t n = i * 5; n < i * 5 + 5; ++n) {
      indices.insert(found[n].index);
      EXPECT_TRUE(i >= 20 || found[n].squared_distance == 0);
    }
    EXPECT_EQ(indices.size(), 5u);
    EXPECT_FALSE(indices.contains(static_cast<uint32_t>(i)));
  }
}

TEST(NeighboursTest, AllOthersAreTheMost) {
  const Points points = NormalPoints(4, 2, 3);
  EXPECT_EQ(NearestNeighbours(points, 3).size(), 12u);
  EXPECT_THROW(NearestNeighbours(points, 4), Error);
  EXPECT_THROW(NearestNeighbours(points, 0), Error);
  for (const double value : {1e200, std::nan("")}) {
    Points far = points;
    far.values[3] = value;
    EXPECT_THROW(NearestNeighbours(far, 2), Error);
  }
}

TEST(AffinitiesTest, HaveThePerplexityThatIsAskedFor) {
  const Points points = NormalPoints(200, 6, 4);
  constexpr size_t kK = 60;
  const auto neighbours = NearestNeighbours(points, kK);
  for (const double perplexity : {2.0, 12.0, 40.0}) {
    const std::vector<double> p = NeighbourProbabilities(neighbours, kK, perplexity);
    for (size_t i = 0; i < points.count; ++i) {
      double sum = 0, entropy = 0;
      for (size_t n = i * kK; n < (i + 1) * kK; ++n) {
        sum += p[n];
        if (p[n] > 0) entropy -= p[n] * std::log(p[n]);
      }
      EXPECT_NEAR(sum, 1, 1e-12);
      EXPECT_NEAR(std::exp(entropy), perplexity, 1e-4 * perplexity);
    }
  }
}

TEST(AffinitiesTest, AreSymmetricAndSumTo1) {
  const Points points = NormalPoints(50, 3, 5);
  const auto neighbours = NearestNeighbours(points, 9);
  const Affinities p = SymmetricAffinities(neighbours, 9, NeighbourProbabilities(neighbours, 9, 3));
  std::vector<std::vector<double>> dense(50, std::vector<double>(50, 0.0));
  double sum = 0;
  for (size_t i = 0; i < 50; ++i) {
    for (size_t e = p.row_begin[i]; e < p.row_begin[i + 1]; ++e) {
      EXPECT_TRUE(e == p.row_begin[i] || p.column[e - 1] < p.column[e]);
      dense[i][p.column[e]] = p.value[e];
      sum += p.value[e];
    }
  }
  EXPECT_NEAR(sum, 1, 1e-12);
  for (size_t i = 0; i < 50; ++i) {
    EXPECT_EQ(dense[i][i], 0);
    for (size_t j = 0; j < i; ++j) EXPECT_EQ(dense[i][j], dense[j][i]);
  }
}

TEST(AffinitiesTest, FarAndEqualNeighboursAreNoNumbersToFear) {
  const auto row = [](std::vector<double> distances, double perplexity) {
    std::vector<Neighbour> neighbours;
    for (const double d : distances) neighbours.push_back({0, d});
    return NeighbourProbabilities(neighbours, distances.size(), perplexity);
  };
  for (const double p : row({0, 0, 0, 0}, 2)) EXPECT_EQ(p, 0.25);
  // A perplexity of 3 cannot be had of two near ones alone: the far ones get a share.
  for (const double p : row({0, 0, 1e300, 1e300}, 3)) EXPECT_TRUE(p > 0 && p < 1) << p;
  // Nor can 1 be had of two that are equally near.
  const std::vector<double> p = row({4, 4, 9}, 1);
  EXPECT_NEAR(p[0], 0.5, 1e-3);
  EXPECT_NEAR(p[2], 0, 1e-3);
  EXPECT_EQ(row({7}, 1)[0], 1);
}

}  // namespace
}  // namespace unmask
