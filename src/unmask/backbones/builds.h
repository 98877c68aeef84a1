#pragma once

#include <cstdint>

#include "unmask/graph/graph.h"

namespace unmask {

// What the table of backbones points at; one file each.
Graph BuildEfficientNetLite0(int64_t input_size, double dropout, double drop_path);
Graph BuildXception(int64_t input_size, double dropout, double drop_path);

}  // namespace unmask
