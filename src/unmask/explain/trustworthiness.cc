#include "unmask/explain/trustworthiness.h"

#include <algorithm>
#include <numeric>
#include <string>
#include <utility>
#include <vector>

#include "unmask/base/error.h"
#include "unmask/explain/for_ranges.h"

namespace unmask {
namespace {

// In four sums, so that the processor need not wait for each addition.
double SquaredDistance(std::span<const double> a, std::span<const double> b) {
  double sums[4] = {};
  size_t d = 0;
  for (; d + 4 <= a.size(); d += 4) {
    for (size_t lane = 0; lane < 4; ++lane) {
      const double difference = a[d + lane] - b[d + lane];
      sums[lane] += difference * difference;
    }
  }
  for (; d < a.size(); ++d) sums[0] += (a[d] - b[d]) * (a[d] - b[d]);
  return (sums[0] + sums[1]) + (sums[2] + sums[3]);
}

void DistancesFrom(const Points& points, size_t i, std::vector<double>& distances) {
  for (size_t j = 0; j < points.count; ++j) {
    distances[j] = SquaredDistance(points.row(i), points.row(j));
  }
}

// How many others are nearer to point i than point j, which is then the rank + 1 nearest.
size_t RankOf(const std::vector<double>& distances, size_t i, size_t j) {
  size_t nearer = 0;
  for (size_t other = 0; other < distances.size(); ++other) {
    nearer += other != i && std::pair(distances[other], other) < std::pair(distances[j], j);
  }
  return nearer;
}

}  // namespace

double Trustworthiness(const Points& data, const Points& map, size_t k, int threads,
                       const CancelToken* cancel) {
  RequireFinite(data, "points");
  RequireFinite(map, "points of the map");
  const size_t n = data.count;
  if (map.count != n) throw Error("a map of another number of points than the data");
  if (k < 1 || 2 * k >= n) {
    throw Error("trustworthiness takes 1 to fewer than " + std::to_string(n) +
                " / 2 neighbours, not " + std::to_string(k));
  }
  std::vector<double> penalties(n, 0.0);
  ForRanges(n, threads, 64, [&](size_t begin, size_t end) {
    std::vector<double> near(n), far(n);
    std::vector<size_t> order(n);
    for (size_t i = begin; i < end; ++i) {
      if (cancel != nullptr && cancel->cancelled()) return;
      DistancesFrom(map, i, near);
      DistancesFrom(data, i, far);
      std::iota(order.begin(), order.end(), size_t{0});
      order.erase(order.begin() + static_cast<std::ptrdiff_t>(i));
      std::nth_element(
          order.begin(), order.begin() + static_cast<std::ptrdiff_t>(k) - 1, order.end(),
          [&](size_t a, size_t b) { return std::pair(near[a], a) < std::pair(near[b], b); });
      for (size_t m = 0; m < k; ++m) {
        const size_t rank = RankOf(far, i, order[m]) + 1;
        if (rank > k) penalties[i] += static_cast<double>(rank - k);
      }
      order.resize(n);
    }
  });
  if (cancel != nullptr) cancel->Check();
  const double sum = std::accumulate(penalties.begin(), penalties.end(), 0.0);
  const auto points = static_cast<double>(n), neighbours = static_cast<double>(k);
  return 1 - 2 / (points * neighbours * (2 * points - 3 * neighbours - 1)) * sum;
}

}  // namespace unmask
