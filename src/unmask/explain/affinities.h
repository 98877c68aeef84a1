#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "unmask/explain/neighbours.h"

namespace unmask {

// A symmetric sparse matrix of non-negative numbers with the sum 1, row by row, columns in order.
struct Affinities {
  std::vector<size_t> row_begin;  // of each row and, at the end, the number of entries
  std::vector<uint32_t> column;
  std::vector<double> value;

  size_t count() const { return row_begin.size() - 1; }
};

// How likely point i would pick each of its `k` neighbours, were they picked by a Gaussian around
// i whose width gives the choice the entropy log(perplexity): k probabilities a point, in the order
// of the neighbours. Neighbours that are equally far are equally likely, whatever the perplexity.
std::vector<double> NeighbourProbabilities(const std::vector<Neighbour>& neighbours, size_t k,
                                           double perplexity, int threads = 0);

// p_ij = (p(j | i) + p(i | j)) / 2n of van der Maaten and Hinton (2008), of NeighbourProbabilities.
Affinities SymmetricAffinities(const std::vector<Neighbour>& neighbours, size_t k,
                               const std::vector<double>& probabilities);

}  // namespace unmask
