#pragma once

#include <cstdint>

#include "unmask/graph/graph.h"

namespace unmask {

// What the table of backbones points at; one file per family.
Graph BuildEfficientNetB0(int64_t input_size, double dropout, double drop_path);
Graph BuildEfficientNetB4(int64_t input_size, double dropout, double drop_path);
Graph BuildEfficientNetLite0(int64_t input_size, double dropout, double drop_path);
Graph BuildEfficientNetLite0Branches(int64_t input_size, double dropout, double drop_path);
Graph BuildEfficientNetLite0Early(int64_t input_size, double dropout, double drop_path);
Graph BuildMobileNetV3Large(int64_t input_size, double dropout, double drop_path);
Graph BuildResNet18(int64_t input_size, double dropout, double drop_path);
Graph BuildResNet50(int64_t input_size, double dropout, double drop_path);
Graph BuildXception(int64_t input_size, double dropout, double drop_path);

}  // namespace unmask
