#include "unmask/explain/affinities.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "unmask/explain/for_ranges.h"

namespace unmask {
namespace {

// Fills `out` with the probabilities at precision `beta`; returns their entropy. Distances count
// from the nearest, so that one summand is 1 and nothing underflows to 0 / 0.
double Fill(const Neighbour* neighbours, size_t k, double beta, double* out) {
  const double nearest = neighbours[0].squared_distance;
  double sum = 0, weighted = 0;
  for (size_t n = 0; n < k; ++n) {
    const double distance = neighbours[n].squared_distance - nearest;
    out[n] = std::exp(-beta * distance);
    sum += out[n];
    // At a great beta a distance may be too large to multiply by 0.
    if (out[n] > 0) weighted += out[n] * distance;
  }
  for (size_t n = 0; n < k; ++n) out[n] /= sum;
  return std::log(sum) + beta * weighted / sum;
}

void FillRow(const Neighbour* neighbours, size_t k, double entropy, double* out) {
  const double spread = neighbours[k - 1].squared_distance - neighbours[0].squared_distance;
  if (!(spread > 0)) {
    std::fill_n(out, k, 1.0 / static_cast<double>(k));
    return;
  }
  // The entropy falls as beta grows; the spread sets the scale on which to search.
  double low = 0, high = std::numeric_limits<double>::infinity(), beta = 1 / spread;
  constexpr int kMostSteps = 200;
  for (int step = 0; step < kMostSteps; ++step) {
    const double excess = Fill(neighbours, k, beta, out) - entropy;
    if (std::abs(excess) < 1e-6) return;
    (excess > 0 ? low : high) = beta;
    const double next = std::isinf(high) ? 2 * beta : (low + high) / 2;
    if (!std::isfinite(next) || next == beta) return;
    beta = next;
  }
}

}  // namespace

std::vector<double> NeighbourProbabilities(const std::vector<Neighbour>& neighbours, size_t k,
                                           double perplexity, int threads) {
  std::vector<double> probabilities(neighbours.size());
  ForRanges(neighbours.size() / k, threads, 64, [&](size_t begin, size_t end) {
    for (size_t i = begin; i < end; ++i) {
      FillRow(neighbours.data() + i * k, k, std::log(perplexity), probabilities.data() + i * k);
    }
  });
  return probabilities;
}

Affinities SymmetricAffinities(const std::vector<Neighbour>& neighbours, size_t k,
                               const std::vector<double>& probabilities) {
  const size_t count = neighbours.size() / k;
  struct Entry {
    uint32_t column;
    double value;
  };
  std::vector<std::vector<Entry>> rows(count);
  for (size_t i = 0; i < count; ++i) {
    for (size_t n = i * k; n < (i + 1) * k; ++n) {
      const double half = probabilities[n] / (2.0 * static_cast<double>(count));
      rows[i].push_back({neighbours[n].index, half});
      rows[neighbours[n].index].push_back({static_cast<uint32_t>(i), half});
    }
  }
  Affinities affinities;
  affinities.row_begin.push_back(0);
  for (std::vector<Entry>& row : rows) {
    std::stable_sort(row.begin(), row.end(),
                     [](const Entry& a, const Entry& b) { return a.column < b.column; });
    const size_t begin = affinities.column.size();
    for (const Entry& entry : row) {
      if (affinities.column.size() > begin && affinities.column.back() == entry.column) {
        affinities.value.back() += entry.value;
      } else {
        affinities.column.push_back(entry.column);
        affinities.value.push_back(entry.value);
      }
    }
    affinities.row_begin.push_back(affinities.column.size());
  }
  return affinities;
}

}  // namespace unmask
