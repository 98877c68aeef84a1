#include "unmask/explain/tsne_objective.h"

#include <cmath>

#include "unmask/explain/for_ranges.h"
#include "unmask/explain/quad_tree.h"

namespace unmask {
namespace {

constexpr size_t kLeastPerThread = 256;

double Kernel(std::span<const double> a, std::span<const double> b) {
  const double dx = a[0] - b[0], dy = a[1] - b[1];
  return 1 / (1 + dx * dx + dy * dy);
}

// Of every point, in the order of the points; the sums are taken in that order, too.
std::vector<QuadTree::Repulsion> Repulsions(const Points& map, double theta, int threads) {
  const QuadTree tree(map);
  std::vector<QuadTree::Repulsion> repulsions(map.count);
  ForRanges(map.count, threads, kLeastPerThread, [&](size_t begin, size_t end) {
    for (size_t i = begin; i < end; ++i) repulsions[i] = tree.At(i, theta);
  });
  return repulsions;
}

double TotalWeight(const std::vector<QuadTree::Repulsion>& repulsions) {
  double total = 0;
  for (const QuadTree::Repulsion& repulsion : repulsions) total += repulsion.weight;
  return total;
}

}  // namespace

double KlDivergence(const Affinities& p, const Points& map, double theta, int threads) {
  const double z = TotalWeight(Repulsions(map, theta, threads));
  double divergence = 0;
  for (size_t i = 0; i < p.count(); ++i) {
    for (size_t e = p.row_begin[i]; e < p.row_begin[i + 1]; ++e) {
      if (!(p.value[e] > 0)) continue;
      const double q = Kernel(map.row(i), map.row(p.column[e])) / z;
      divergence += p.value[e] * std::log(p.value[e] / q);
    }
  }
  return divergence;
}

Points KlGradient(const Affinities& p, const Points& map, double theta, double exaggeration,
                  int threads) {
  const std::vector<QuadTree::Repulsion> repulsions = Repulsions(map, theta, threads);
  const double z = TotalWeight(repulsions);
  Points gradient(map.count, 2);
  ForRanges(map.count, threads, kLeastPerThread, [&](size_t begin, size_t end) {
    for (size_t i = begin; i < end; ++i) {
      std::array<double, 2> attraction{};
      for (size_t e = p.row_begin[i]; e < p.row_begin[i + 1]; ++e) {
        const auto other = map.row(p.column[e]);
        const double pull = p.value[e] * Kernel(map.row(i), other);
        for (size_t d = 0; d < 2; ++d) attraction[d] += pull * (map.row(i)[d] - other[d]);
      }
      for (size_t d = 0; d < 2; ++d) {
        gradient.row(i)[d] = 4 * (exaggeration * attraction[d] - repulsions[i].force[d] / z);
      }
    }
  });
  return gradient;
}

}  // namespace unmask
