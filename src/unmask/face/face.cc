#include "unmask/face/face.h"

#include <algorithm>
#include <cmath>

namespace unmask {

double IntersectionOverUnion(const Box& a, const Box& b) {
  const double width = std::min(a.x1, b.x1) - std::max(a.x0, b.x0);
  const double height = std::min(a.y1, b.y1) - std::max(a.y0, b.y0);
  if (!(width > 0 && height > 0)) return 0;
  const double both = width * height;
  const double whole = static_cast<double>(a.width()) * a.height() +
                       static_cast<double>(b.width()) * b.height() - both;
  return whole > 0 ? both / whole : 0;
}

Point Similarity::operator()(Point p) const {
  return {static_cast<float>(a * p.x - b * p.y + tx), static_cast<float>(b * p.x + a * p.y + ty)};
}

Similarity Similarity::Inverse() const {
  const double square = a * a + b * b;
  Similarity inverse;
  inverse.a = a / square;
  inverse.b = -b / square;
  inverse.tx = -(inverse.a * tx - inverse.b * ty);
  inverse.ty = -(inverse.b * tx + inverse.a * ty);
  return inverse;
}

double Similarity::scale() const { return std::hypot(a, b); }

}  // namespace unmask
