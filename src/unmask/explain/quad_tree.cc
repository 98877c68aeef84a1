#include "unmask/explain/quad_tree.h"

#include <algorithm>
#include <numeric>

namespace unmask {
namespace {

constexpr uint32_t kLeaf = 8;  // so few points are added up faster than they are divided
constexpr int kDeepest = 48;   // equal points cannot be divided

}  // namespace

QuadTree::QuadTree(const Points& points)
    : order_(points.count), rank_(points.count), points_(points.count) {
  std::iota(order_.begin(), order_.end(), 0u);
  std::array<double, 2> low{}, high{};
  for (size_t i = 0; i < points.count; ++i) {
    points_[i] = {points.row(i)[0], points.row(i)[1]};
    for (size_t d = 0; d < 2; ++d) {
      low[d] = i == 0 ? points_[i][d] : std::min(low[d], points_[i][d]);
      high[d] = i == 0 ? points_[i][d] : std::max(high[d], points_[i][d]);
    }
  }
  const double half = std::max(high[0] - low[0], high[1] - low[1]) / 2;
  nodes_.reserve(points.count);
  if (points.count > 0) {
    Build(0, static_cast<uint32_t>(points.count), {(low[0] + high[0]) / 2, (low[1] + high[1]) / 2},
          half, 0);
  }
  for (uint32_t place = 0; place < order_.size(); ++place) rank_[order_[place]] = place;
  std::vector<std::array<double, 2>> sorted(points.count);
  for (size_t place = 0; place < sorted.size(); ++place) sorted[place] = points_[order_[place]];
  points_ = std::move(sorted);
}

uint32_t QuadTree::Build(uint32_t begin, uint32_t end, std::array<double, 2> middle, double half,
                         int depth) {
  const auto number = static_cast<uint32_t>(nodes_.size());
  nodes_.push_back({.begin = begin, .end = end, .squared_width = 4 * half * half});
  std::array<double, 2> sum{};
  for (uint32_t i = begin; i < end; ++i) {
    for (size_t d = 0; d < 2; ++d) sum[d] += points_[order_[i]][d];
  }
  nodes_[number].centre = {sum[0] / (end - begin), sum[1] / (end - begin)};
  if (end - begin <= kLeaf || depth >= kDeepest) return number;

  const auto divide = [&](uint32_t from, uint32_t to, size_t d) {
    const auto first = order_.begin() + from, last = order_.begin() + to;
    return static_cast<uint32_t>(
        std::partition(first, last, [&](uint32_t i) { return points_[i][d] < middle[d]; }) -
        order_.begin());
  };
  const uint32_t half_way = divide(begin, end, 1);
  const std::array<uint32_t, 5> ends = {begin, divide(begin, half_way, 0), half_way,
                                        divide(half_way, end, 0), end};
  for (size_t quarter = 0; quarter < 4; ++quarter) {
    if (ends[quarter] == ends[quarter + 1]) continue;
    const std::array<double, 2> of_quarter = {middle[0] + (quarter % 2 == 0 ? -half : half) / 2,
                                              middle[1] + (quarter < 2 ? -half : half) / 2};
    const uint32_t child = Build(ends[quarter], ends[quarter + 1], of_quarter, half / 2, depth + 1);
    nodes_[number].child[quarter] = child;
  }
  return number;
}

QuadTree::Repulsion QuadTree::At(size_t point, double theta) const {
  Repulsion sum;
  Add(0, rank_[point], theta * theta, sum);
  return sum;
}

void QuadTree::Add(uint32_t number, uint32_t rank, double squared_theta, Repulsion& sum) const {
  const Node& node = nodes_[number];
  const std::array<double, 2>& y = points_[rank];
  const auto add = [&](const std::array<double, 2>& other, double count) {
    const double dx = y[0] - other[0], dy = y[1] - other[1];
    const double q = 1 / (1 + dx * dx + dy * dy);
    sum.weight += count * q;
    sum.force[0] += count * q * q * dx;
    sum.force[1] += count * q * q * dy;
  };
  const bool own = rank >= node.begin && rank < node.end;  // never stands for the point itself
  const double dx = y[0] - node.centre[0], dy = y[1] - node.centre[1];
  if (!own && node.squared_width < squared_theta * (dx * dx + dy * dy)) {
    add(node.centre, node.end - node.begin);
    return;
  }
  bool leaf = true;
  for (const uint32_t child : node.child) {
    if (child == 0) continue;
    leaf = false;
    Add(child, rank, squared_theta, sum);
  }
  if (!leaf) return;
  for (uint32_t i = node.begin; i < node.end; ++i) {
    if (i != rank) add(points_[i], 1);
  }
}

}  // namespace unmask
