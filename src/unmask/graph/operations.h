#pragma once

#include <vector>

#include "unmask/graph/graph.h"

namespace unmask {

// What each operation needs to know about itself; one overload per operation in operations.cc.

// "conv", "batch norm", … for messages.
const char* KindOf(const Operation& operation);

// The shape that comes out for these inputs. Throws Error with the cause (without the node's name).
Shape OutputShape(const Operation& operation, const std::vector<Shape>& inputs);

// The parameters, named "weight", "bias", …, for this input shape.
std::vector<Parameter> ParametersOf(const Operation& operation, const Shape& input);

// Padding in front and behind of one dimension for a window of `kernel` pixels.
struct PaddingAmount {
  int64_t before = 0;
  int64_t after = 0;
};
PaddingAmount PaddingFor(Padding padding, int64_t size, int64_t kernel, int64_t stride,
                         int64_t pad);

}  // namespace unmask
