#include "unmask/model/onnx_builder.h"

#include <algorithm>
#include <cmath>

#include "unmask/base/error.h"
#include "unmask/model/half.h"

namespace unmask {
namespace {

constexpr float kLargestHalf = 65504.0f;

onnx::AttributeProto& AddAttribute(onnx::NodeProto& node, const char* name,
                                   onnx::AttributeProto::AttributeType type) {
  onnx::AttributeProto& attribute = *node.add_attribute();
  attribute.set_name(name);
  attribute.set_type(type);
  return attribute;
}

void Declare(onnx::ValueInfoProto& value, const std::string& name, const Shape& shape) {
  value.set_name(name);
  onnx::TypeProto::Tensor& type = *value.mutable_type()->mutable_tensor_type();
  type.set_elem_type(onnx::TensorProto::FLOAT);
  type.mutable_shape()->add_dim()->set_dim_param("batch");
  for (const int64_t d : shape) type.mutable_shape()->add_dim()->set_dim_value(d);
}

template <typename Value>
void SetValues(onnx::TensorProto& tensor, onnx::TensorProto::DataType type,
               const std::vector<Value>& values) {
  tensor.set_data_type(type);
  tensor.set_raw_data(values.data(), values.size() * sizeof(Value));
}

}  // namespace

void SetInt(onnx::NodeProto& node, const char* name, int64_t value) {
  AddAttribute(node, name, onnx::AttributeProto::INT).set_i(value);
}

void SetInts(onnx::NodeProto& node, const char* name, const std::vector<int64_t>& values) {
  onnx::AttributeProto& attribute = AddAttribute(node, name, onnx::AttributeProto::INTS);
  for (const int64_t value : values) attribute.add_ints(value);
}

void SetFloat(onnx::NodeProto& node, const char* name, float value) {
  AddAttribute(node, name, onnx::AttributeProto::FLOAT).set_f(value);
}

void SetText(onnx::NodeProto& node, const char* name, const char* value) {
  AddAttribute(node, name, onnx::AttributeProto::STRING).set_s(value);
}

void OnnxBuilder::DeclareInput(const std::string& name, const Shape& shape) {
  if (proto_.input_size() > 0) throw Error("a network has one input only");
  Declare(*proto_.add_input(), name, shape);
}

void OnnxBuilder::DeclareOutput(const std::string& name, const Shape& shape) {
  Declare(*proto_.add_output(), name, shape);
}

onnx::NodeProto& OnnxBuilder::AddNode(const char* type, const std::vector<std::string>& inputs,
                                      const std::string& output) {
  onnx::NodeProto& node = *proto_.add_node();
  node.set_op_type(type);
  node.set_name(output);
  for (const std::string& input : inputs) node.add_input(input);
  node.add_output(output);
  return node;
}

std::string OnnxBuilder::Constant(const std::string& name, const Shape& shape,
                                  const std::vector<float>& values) {
  SetValues(AddTensor(name, shape), onnx::TensorProto::FLOAT, values);
  return name;
}

std::string OnnxBuilder::Integers(const std::string& name, const std::vector<int64_t>& values) {
  SetValues(AddTensor(name, {static_cast<int64_t>(values.size())}), onnx::TensorProto::INT64,
            values);
  return name;
}

std::string OnnxBuilder::Matrix(const std::string& name, const Shape& shape,
                                const std::vector<float>& values) {
  const bool fits = std::all_of(values.begin(), values.end(),
                                [](float value) { return std::fabs(value) <= kLargestHalf; });
  if (!half_ || !fits) return Constant(name, shape, values);
  std::vector<uint16_t> halves;
  halves.reserve(values.size());
  for (const float value : values) halves.push_back(HalfFromFloat(value));
  const std::string stored = name + ".half";
  SetValues(AddTensor(stored, shape), onnx::TensorProto::FLOAT16, halves);
  SetInt(AddNode("Cast", {stored}, name), "to", onnx::TensorProto::FLOAT);
  return name;
}

onnx::TensorProto& OnnxBuilder::AddTensor(const std::string& name, const Shape& shape) {
  onnx::TensorProto& tensor = *proto_.add_initializer();
  tensor.set_name(name);
  for (const int64_t d : shape) tensor.add_dims(d);
  return tensor;
}

}  // namespace unmask
