#include "unmask/robustness/head_turn.h"

#include <cmath>
#include <numbers>

#include "unmask/base/error.h"

namespace unmask {
namespace {

constexpr int kNoseTip = 4, kRightEdge = 234, kLeftEdge = 454;
constexpr double kNoseDepth = 1.31;

}  // namespace

double HeadTurn(std::span<const Point> mesh) {
  if (mesh.size() != kMeshSize) throw Error("the turn of a head needs all landmarks of the mesh");
  const Point &nose = mesh[kNoseTip], &right = mesh[kRightEdge], &left = mesh[kLeftEdge];
  const double dx = left.x - right.x, dy = left.y - right.y;
  const double length_squared = dx * dx + dy * dy;
  if (length_squared == 0) return 90;
  const double nose_x = nose.x - (left.x + right.x) / 2;
  const double nose_y = nose.y - (left.y + right.y) / 2;
  const double t = 2 * (nose_x * dx + nose_y * dy) / length_squared;
  return std::atan(std::fabs(t) / kNoseDepth) * 180 / std::numbers::pi;
}

}  // namespace unmask
