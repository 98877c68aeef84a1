#pragma once

#include "unmask/explain/affinities.h"
#include "unmask/explain/points.h"

namespace unmask {

// What t-SNE minimises: the Kullback-Leibler divergence Σ p_ij log(p_ij / q_ij) of the affinities
// q_ij = (1 + |y_i − y_j|²)⁻¹ / Z of a map from those of the data, Z the sum of that over all pairs
// i ≠ j. `theta` is QuadTree's: 0 is exact. Neither depends on `threads`.
double KlDivergence(const Affinities& p, const Points& map, double theta, int threads = 0);

// Its gradient 4 Σ_j (exaggeration·p_ij − q_ij)(y_i − y_j) / (1 + |y_i − y_j|²), a row a point.
Points KlGradient(const Affinities& p, const Points& map, double theta, double exaggeration = 1,
                  int threads = 0);

}  // namespace unmask
