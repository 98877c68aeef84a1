#pragma once

#include <cstdint>
#include <filesystem>

#include "unmask/base/json.h"

namespace unmask {

// A file of one JSON object a line, each with its "step". A line is written whole and at once.
class MetricsLog {
 public:
  // Keeps the lines of an earlier run up to `step` and drops what a resumed run will write again.
  MetricsLog(std::filesystem::path path, int64_t step);

  void Add(int64_t step, const Json& values);

 private:
  std::filesystem::path path_;
};

}  // namespace unmask
