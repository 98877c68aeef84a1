#include "unmask/face/assignment.h"

#include <algorithm>
#include <limits>
#include <utility>

namespace unmask {
namespace {

// Solves the square problem of minimal cost. Index 0 of every array stands for "none".
class Hungarian {
 public:
  explicit Hungarian(std::vector<std::vector<double>> cost)
      : cost_(std::move(cost)),
        n_(cost_.size()),
        row_potential_(n_ + 1),
        column_potential_(n_ + 1),
        row_of_(n_ + 1) {}

  // The row (from 1) of each column (from 1).
  const std::vector<size_t>& Solve() {
    for (size_t row = 1; row <= n_; ++row) Augment(row);
    return row_of_;
  }

 private:
  // Finds the shortest augmenting path from `row` to a free column and flips it.
  void Augment(size_t row) {
    std::vector<double> slack(n_ + 1, std::numeric_limits<double>::infinity());
    std::vector<size_t> previous(n_ + 1);
    std::vector<bool> used(n_ + 1);
    row_of_[0] = row;
    size_t column = 0;
    while (row_of_[column] != 0) {
      used[column] = true;
      size_t next = 0;
      for (size_t j = 1; j <= n_; ++j) {
        if (used[j]) continue;
        const size_t i = row_of_[column];
        const double reduced = cost_[i - 1][j - 1] - row_potential_[i] - column_potential_[j];
        if (reduced < slack[j]) {
          slack[j] = reduced;
          previous[j] = column;
        }
        if (next == 0 || slack[j] < slack[next]) next = j;
      }
      const double delta = slack[next];
      for (size_t j = 0; j <= n_; ++j) {
        if (used[j]) {
          row_potential_[row_of_[j]] += delta;
          column_potential_[j] -= delta;
        } else {
          slack[j] -= delta;
        }
      }
      column = next;
    }
    while (column != 0) {
      row_of_[column] = row_of_[previous[column]];
      column = previous[column];
    }
  }

  std::vector<std::vector<double>> cost_;
  size_t n_;
  std::vector<double> row_potential_;
  std::vector<double> column_potential_;
  std::vector<size_t> row_of_;
};

}  // namespace

std::vector<int> MaximalAssignment(const std::vector<std::vector<double>>& weights) {
  const size_t rows = weights.size();
  const size_t columns = rows > 0 ? weights[0].size() : 0;
  const size_t n = std::max(rows, columns);
  std::vector<std::vector<double>> cost(n, std::vector<double>(n, 0.0));
  for (size_t i = 0; i < rows; ++i) {
    for (size_t j = 0; j < columns; ++j) cost[i][j] = -weights[i][j];
  }
  std::vector<int> result(rows, -1);
  if (columns == 0) return result;
  const std::vector<size_t> row_of = Hungarian(std::move(cost)).Solve();
  for (size_t j = 1; j <= columns; ++j) {
    const size_t i = row_of[j] - 1;
    if (i < rows && weights[i][j - 1] > 0) result[i] = static_cast<int>(j - 1);
  }
  return result;
}

}  // namespace unmask
