#pragma once

// For .cc files only: protobuf stays out of public headers.

#include <onnx/onnx_pb.h>

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "unmask/graph/graph.h"

namespace unmask {

void SetInt(onnx::NodeProto& node, const char* name, int64_t value);
void SetInts(onnx::NodeProto& node, const char* name, const std::vector<int64_t>& values);
void SetFloat(onnx::NodeProto& node, const char* name, float value);
void SetText(onnx::NodeProto& node, const char* name, const char* value);

// An ONNX graph in the making: nodes, and the constants that they take by name.
class OnnxBuilder {
 public:
  // `half_precision`: matrices are stored as fp16 with a Cast behind them.
  explicit OnnxBuilder(bool half_precision) : half_(half_precision) { proto_.set_name("unmask"); }

  // A float value of `shape` for each image of a batch. Throws Error for a second input.
  void DeclareInput(const std::string& name, const Shape& shape);
  void DeclareOutput(const std::string& name, const Shape& shape);

  // A node of the ONNX operation `type` with the name of its only output.
  onnx::NodeProto& AddNode(const char* type, const std::vector<std::string>& inputs,
                           const std::string& output);

  // Each returns `name`. `shape` {}: one number.
  std::string Constant(const std::string& name, const Shape& shape,
                       const std::vector<float>& values);
  std::string Integers(const std::string& name, const std::vector<int64_t>& values);
  // A constant that is stored as fp16 where that is wanted and its values fit.
  std::string Matrix(const std::string& name, const Shape& shape, const std::vector<float>& values);

  onnx::GraphProto Build() && { return std::move(proto_); }

 private:
  onnx::TensorProto& AddTensor(const std::string& name, const Shape& shape);

  const bool half_;
  onnx::GraphProto proto_;
};

}  // namespace unmask
