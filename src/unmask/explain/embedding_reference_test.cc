// Maps against scikit-learn's figures, see scripts/make_embedding_references.py.

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <string>

#include "unmask/base/error.h"
#include "unmask/base/json.h"
#include "unmask/explain/neighbours.h"
#include "unmask/explain/pca.h"
#include "unmask/explain/test_points.h"
#include "unmask/explain/trustworthiness.h"
#include "unmask/explain/tsne_objective.h"

namespace unmask {
namespace {

Points PointsOf(const Json& rows) {
  Points points(rows.size(), rows[0].size());
  points.values.clear();
  for (const Json& row : rows) {
    for (const Json& value : row) points.values.push_back(value);
  }
  return points;
}

const Json& References() {
  static const Json file =
      ReadJson(std::string(UNMASK_SOURCE_DIR) + "/src/unmask/explain/testdata/embeddings.json");
  return file;
}

TEST(EmbeddingReferenceTest, Trustworthiness) {
  size_t compared = 0;
  for (const Json& reference : References().at("cases")) {
    const Points data = PointsOf(reference.at("data")), map = PointsOf(reference.at("map"));
    for (const auto& [k, value] : reference.at("trustworthiness").items()) {
      EXPECT_NEAR(Trustworthiness(data, map, std::stoul(k), 2), value.get<double>(), 1e-12)
          << reference.at("name") << ", " << k;
      ++compared;
    }
  }
  EXPECT_GE(compared, 10u);
}

TEST(EmbeddingReferenceTest, AffinitiesAndDivergence) {
  const double perplexity = References().at("perplexity");
  for (const Json& reference : References().at("cases")) {
    const Points data = PointsOf(reference.at("data")), map = PointsOf(reference.at("map"));
    const size_t k = data.count - 1;  // scikit-learn's exact method takes all
    const auto neighbours = NearestNeighbours(data, k);
    const Affinities p =
        SymmetricAffinities(neighbours, k, NeighbourProbabilities(neighbours, k, perplexity));
    const Points expected = PointsOf(reference.at("affinities"));
    for (size_t i = 0; i < data.count; ++i) {
      for (size_t e = p.row_begin[i]; e < p.row_begin[i + 1]; ++e) {
        EXPECT_NEAR(p.value[e], expected.row(i)[p.column[e]], 2e-6);
      }
    }
    EXPECT_NEAR(KlDivergence(p, map, 0), reference.at("divergence").get<double>(), 1e-4);
  }
}

TEST(EmbeddingReferenceTest, PrincipalComponents) {
  for (const Json& reference : References().at("cases")) {
    const Points data = PointsOf(reference.at("data"));
    const Pca pca = FitPca(data, data.dimensions);
    for (size_t c = 0; c < data.dimensions; ++c) {
      EXPECT_NEAR(pca.variances[c], reference.at("variances")[c].get<double>(), 1e-9);
      EXPECT_NEAR(pca.ExplainedShare(c), reference.at("shares")[c].get<double>(), 1e-9);
    }
  }
}

TEST(TrustworthinessTest, ATrueMapHas1AndKIsLimited) {
  const Points data = NormalPoints(30, 2, 1);
  EXPECT_EQ(Trustworthiness(data, data, 5), 1);
  EXPECT_EQ(Trustworthiness(data, NormalPoints(30, 2, 2), 5, 1),
            Trustworthiness(data, NormalPoints(30, 2, 2), 5, 4));
  EXPECT_THROW(Trustworthiness(data, data, 0), Error);
  EXPECT_THROW(Trustworthiness(data, data, 15), Error);
  EXPECT_THROW(Trustworthiness(data, NormalPoints(29, 2, 3), 5), Error);
  EXPECT_NO_THROW(Trustworthiness(data, data, 14));
  CancelToken cancel;
  cancel.Cancel();
  EXPECT_THROW(Trustworthiness(data, data, 5, 2, &cancel), Cancelled);
}

// Worked by hand: points at 0, 1, 2.1, 3.3 on a line; the map swaps the last two; k = 1. The
// nearest on the map of the first is the second (rank 1 in the data), of the second the fourth
// (rank 3: 2 too far), of the third the fourth (rank 2: 1 too far), of the fourth the second (rank
// 2: 1 too far); n·k·(2n − 3k − 1) = 16.
TEST(TrustworthinessTest, WorkedNumbers) {
  const Points data = unmask::PointsOf({{0.0}, {1.0}, {2.1}, {3.3}});
  const Points map = unmask::PointsOf({{0.0, 0.0}, {1.2, 0.0}, {3.1, 0.0}, {2.1, 0.0}});
  EXPECT_NEAR(Trustworthiness(data, map, 1), 1 - 2.0 / 16 * 4, 1e-12);
}

}  // namespace
}  // namespace unmask
