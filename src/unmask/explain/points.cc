#include "unmask/explain/points.h"

#include <cmath>
#include <string>

#include "unmask/base/error.h"

namespace unmask {

void RequireFinite(const Points& points, const char* what) {
  if (points.count == 0 || points.dimensions == 0) {
    throw Error(std::string("there are no ") + what);
  }
  for (size_t i = 0; i < points.count; ++i) {
    for (const double value : points.row(i)) {
      if (std::isfinite(value)) continue;
      throw Error(std::string(what) + ": number " + std::to_string(i + 1) +
                  " holds a value that is not finite");
    }
  }
}

}  // namespace unmask
