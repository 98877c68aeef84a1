#pragma once

// For .cc files only: protobuf stays out of public headers.

#include <onnx/onnx_pb.h>

#include "unmask/graph/graph.h"
#include "unmask/model/weights.h"

namespace unmask {

// `graph` with `weights` as an ONNX graph: input "images" {batch, C, H, W}, an output for each of
// the graph's. Batch norms behind a convolution that feeds nothing else are folded into it, what
// acts in training only is left out. `half_precision` stores matrices and filters as fp16 with a
// Cast behind them; vectors stay fp32. Throws Error when the weights do not fit.
onnx::GraphProto EmitOnnx(const Graph& graph, const Weights& weights, bool half_precision);

}  // namespace unmask
