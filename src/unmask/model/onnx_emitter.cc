#include "unmask/model/onnx_emitter.h"

#include <cmath>
#include <utility>

#include "unmask/base/error.h"
#include "unmask/graph/operations.h"
#include "unmask/model/fold_norm.h"
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

void SetInts(onnx::NodeProto& node, const char* name, const std::vector<int64_t>& values) {
  onnx::AttributeProto& attribute = AddAttribute(node, name, onnx::AttributeProto::INTS);
  for (const int64_t value : values) attribute.add_ints(value);
}

void SetInt(onnx::NodeProto& node, const char* name, int64_t value) {
  AddAttribute(node, name, onnx::AttributeProto::INT).set_i(value);
}

void SetFloat(onnx::NodeProto& node, const char* name, float value) {
  AddAttribute(node, name, onnx::AttributeProto::FLOAT).set_f(value);
}

void SetText(onnx::NodeProto& node, const char* name, const char* value) {
  AddAttribute(node, name, onnx::AttributeProto::STRING).set_s(value);
}

class Emitter {
 public:
  Emitter(const Graph& graph, const Weights& weights, bool half)
      : graph_(graph), weights_(weights), half_(half), uses_(graph.nodes.size()) {
    for (const Node& node : graph.nodes) {
      for (const int input : node.inputs) ++uses_[input];
    }
    for (const auto& [name, node] : graph.outputs) ++uses_[node];
  }

  onnx::GraphProto Emit() {
    proto_.set_name("unmask");
    names_.resize(graph_.nodes.size());
    for (size_t i = 0; i < graph_.nodes.size(); ++i) {
      index_ = static_cast<int>(i);
      names_[i] = std::visit([&](const auto& kind) { return Emit(kind, graph_.nodes[i]); },
                             graph_.nodes[i].operation);
    }
    for (const auto& [name, node] : graph_.outputs) {
      AddNode("Identity", {names_[node]}, name);
      Declare(*proto_.add_output(), name, graph_.nodes[node].shape);
    }
    return std::move(proto_);
  }

 private:
  static void Declare(onnx::ValueInfoProto& value, const std::string& name, const Shape& shape) {
    value.set_name(name);
    onnx::TypeProto::Tensor& type = *value.mutable_type()->mutable_tensor_type();
    type.set_elem_type(onnx::TensorProto::FLOAT);
    type.mutable_shape()->add_dim()->set_dim_param("batch");
    for (const int64_t d : shape) type.mutable_shape()->add_dim()->set_dim_value(d);
  }

  onnx::NodeProto& AddNode(const char* type, const std::vector<std::string>& inputs,
                           const std::string& output) {
    onnx::NodeProto& node = *proto_.add_node();
    node.set_op_type(type);
    node.set_name(output);
    for (const std::string& input : inputs) node.add_input(input);
    node.add_output(output);
    return node;
  }

  // The value of this node under a name of its own; `suffix` tells steps of one node apart.
  std::string OutputName(const char* suffix = "") const {
    return "node" + std::to_string(index_) + suffix;
  }

  const std::string& In(const Node& node, size_t i = 0) const { return names_[node.inputs[i]]; }

  const std::vector<float>& Values(const Node& node, const char* parameter) const {
    return weights_.at(node.name + "." + parameter).values;
  }

  onnx::TensorProto& AddTensor(const std::string& name, const Shape& shape) {
    onnx::TensorProto& tensor = *proto_.add_initializer();
    tensor.set_name(name);
    for (const int64_t d : shape) tensor.add_dims(d);
    return tensor;
  }

  std::string Constant(const std::string& name, const Shape& shape,
                       const std::vector<float>& values) {
    onnx::TensorProto& tensor = AddTensor(name, shape);
    tensor.set_data_type(onnx::TensorProto::FLOAT);
    tensor.set_raw_data(values.data(), values.size() * sizeof(float));
    return name;
  }

  std::string Integers(const std::string& name, const std::vector<int64_t>& values) {
    onnx::TensorProto& tensor = AddTensor(name, {static_cast<int64_t>(values.size())});
    tensor.set_data_type(onnx::TensorProto::INT64);
    tensor.set_raw_data(values.data(), values.size() * sizeof(int64_t));
    return name;
  }

  std::string Matrix(const std::string& name, const Shape& shape,
                     const std::vector<float>& values) {
    bool fits = half_;
    for (const float value : values) fits = fits && std::fabs(value) <= kLargestHalf;
    if (!fits) return Constant(name, shape, values);
    std::vector<uint16_t> halves;
    halves.reserve(values.size());
    for (const float value : values) halves.push_back(HalfFromFloat(value));
    onnx::TensorProto& tensor = AddTensor(name + ".half", shape);
    tensor.set_data_type(onnx::TensorProto::FLOAT16);
    tensor.set_raw_data(halves.data(), halves.size() * sizeof(uint16_t));
    SetInt(AddNode("Cast", {name + ".half"}, name), "to", onnx::TensorProto::FLOAT);
    return name;
  }

  // The batch norm that alone follows this convolution, if one does.
  const Node* FollowingNorm() const {
    if (uses_[index_] != 1) return nullptr;
    for (size_t i = index_ + 1; i < graph_.nodes.size(); ++i) {
      const Node& node = graph_.nodes[i];
      if (!node.inputs.empty() && node.inputs[0] == index_) {
        return std::holds_alternative<BatchNorm>(node.operation) ? &node : nullptr;
      }
    }
    return nullptr;
  }

  void SetWindow(onnx::NodeProto& node, Padding padding, int64_t kernel, int64_t stride,
                 int64_t pad, const Shape& in) const {
    const PaddingAmount rows = PaddingFor(padding, in[1], kernel, stride, pad);
    const PaddingAmount columns = PaddingFor(padding, in[2], kernel, stride, pad);
    SetInts(node, "kernel_shape", {kernel, kernel});
    SetInts(node, "strides", {stride, stride});
    SetInts(node, "pads", {rows.before, columns.before, rows.after, columns.after});
  }

  const Shape& InShape(const Node& node, size_t i = 0) const {
    return graph_.nodes[node.inputs[i]].shape;
  }

  std::string Emit(const Input&, const Node& node) {
    if (proto_.input_size() > 0) throw Error("a network has one input only");
    Declare(*proto_.add_input(), "images", node.shape);
    return "images";
  }

  // What a convolution, transposed or not, takes: the map, filters, and a bias where there is one.
  std::vector<std::string> ConvolutionInputs(const Node& node, const Filters& filters) {
    const std::string weight = node.name + ".weight", bias = node.name + ".bias";
    std::vector<std::string> inputs = {In(node),
                                       Matrix(weight, weights_.at(weight).shape, filters.weight)};
    if (!filters.bias.empty()) {
      inputs.push_back(Constant(bias, {node.shape[0]}, filters.bias));
    }
    return inputs;
  }

  std::string Emit(const Conv2d& conv, const Node& node) {
    const Filters filters = FoldNorm(node, FollowingNorm(), weights_);
    onnx::NodeProto& out = AddNode("Conv", ConvolutionInputs(node, filters), OutputName());
    SetWindow(out, conv.padding, conv.kernel, conv.stride, conv.pad, InShape(node));
    SetInt(out, "group", conv.groups);
    return OutputName();
  }

  std::string Emit(const ConvTranspose2d& conv, const Node& node) {
    const Filters filters = FoldNorm(node, nullptr, weights_);
    onnx::NodeProto& out = AddNode("ConvTranspose", ConvolutionInputs(node, filters), OutputName());
    SetInts(out, "kernel_shape", {conv.kernel, conv.kernel});
    SetInts(out, "strides", {conv.stride, conv.stride});
    SetInts(out, "pads", {conv.pad, conv.pad, conv.pad, conv.pad});
    return OutputName();
  }

  std::string Emit(const BatchNorm& norm, const Node& node) {
    const Node& before = graph_.nodes[node.inputs[0]];
    if (std::holds_alternative<Conv2d>(before.operation) && uses_[node.inputs[0]] == 1) {
      return In(node);  // folded
    }
    std::vector<std::string> inputs = {In(node)};
    for (const char* name : {"weight", "bias", "running_mean", "running_var"}) {
      inputs.push_back(Constant(node.name + "." + name, {InShape(node)[0]}, Values(node, name)));
    }
    SetFloat(AddNode("BatchNormalization", inputs, OutputName()), "epsilon",
             static_cast<float>(norm.epsilon));
    return OutputName();
  }

  std::string Emit(const Activation& activation, const Node& node) {
    switch (activation) {
      case Activation::kRelu:
        AddNode("Relu", {In(node)}, OutputName());
        break;
      case Activation::kRelu6:
        AddNode("Clip",
                {In(node), Constant(OutputName(".low"), {}, {0.0f}),
                 Constant(OutputName(".high"), {}, {6.0f})},
                OutputName());
        break;
      case Activation::kSigmoid:
        AddNode("Sigmoid", {In(node)}, OutputName());
        break;
      case Activation::kSilu:
        AddNode("Sigmoid", {In(node)}, OutputName(".gate"));
        AddNode("Mul", {In(node), OutputName(".gate")}, OutputName());
        break;
      case Activation::kHardSwish:
        AddNode("HardSwish", {In(node)}, OutputName());
        break;
      case Activation::kHardSigmoid:  // PyTorch's: relu6(x + 3) / 6
        SetFloat(AddNode("HardSigmoid", {In(node)}, OutputName()), "alpha", 1.0f / 6.0f);
        break;
    }
    return OutputName();
  }

  std::string Emit(const Pool2d& pool, const Node& node) {
    onnx::NodeProto& out =
        AddNode(pool.maximum ? "MaxPool" : "AveragePool", {In(node)}, OutputName());
    SetWindow(out, pool.padding, pool.kernel, pool.stride, pool.pad, InShape(node));
    // PyTorch counts its padding in the average, TensorFlow's SAME does not.
    if (!pool.maximum) SetInt(out, "count_include_pad", pool.padding == Padding::kExplicit);
    return OutputName();
  }

  std::string Emit(const GlobalAveragePool& pool, const Node& node) {
    if (pool.keep_map) {
      AddNode("GlobalAveragePool", {In(node)}, OutputName());
      return OutputName();
    }
    AddNode("GlobalAveragePool", {In(node)}, OutputName(".map"));
    SetInt(AddNode("Flatten", {OutputName(".map")}, OutputName()), "axis", 1);
    return OutputName();
  }

  std::string Emit(const Upsample& upsample, const Node& node) {
    const auto factor = static_cast<float>(upsample.factor);
    const bool nearest = upsample.interpolation == Interpolation::kNearest;
    onnx::NodeProto& out = AddNode(
        "Resize", {In(node), "", Constant(OutputName(".scales"), {4}, {1, 1, factor, factor})},
        OutputName());
    SetText(out, "mode", nearest ? "nearest" : "linear");
    SetText(out, "coordinate_transformation_mode", nearest ? "asymmetric" : "half_pixel");
    if (nearest) SetText(out, "nearest_mode", "floor");
    return OutputName();
  }

  std::string Emit(const PixelShuffle& shuffle, const Node& node) {
    onnx::NodeProto& out = AddNode("DepthToSpace", {In(node)}, OutputName());
    SetInt(out, "blocksize", shuffle.factor);
    SetText(out, "mode", "CRD");  // the order of PyTorch
    return OutputName();
  }

  std::string Emit(const Add&, const Node& node) {
    AddNode("Add", {In(node), In(node, 1)}, OutputName());
    return OutputName();
  }

  std::string Emit(const Concatenate&, const Node& node) {
    std::vector<std::string> inputs;
    for (size_t i = 0; i < node.inputs.size(); ++i) inputs.push_back(In(node, i));
    SetInt(AddNode("Concat", inputs, OutputName()), "axis", 1);
    return OutputName();
  }

  std::string Emit(const Multiply&, const Node& node) {
    std::string gate = In(node, 1);
    if (InShape(node).size() == 3 && InShape(node, 1).size() == 1) {
      gate = OutputName(".gate");
      AddNode("Unsqueeze", {In(node, 1), Integers(OutputName(".axes"), {2, 3})}, gate);
    }
    AddNode("Mul", {In(node), gate}, OutputName());
    return OutputName();
  }

  std::string Emit(const Linear& linear, const Node& node) {
    const int64_t in = InShape(node)[0];
    std::vector<float> weight = Values(node, "weight");
    for (int64_t row = 0; linear.normalize_weight && row < linear.out_features; ++row) {
      double squares = 0;
      for (int64_t i = 0; i < in; ++i) squares += weight[row * in + i] * weight[row * in + i];
      const double length = std::max(std::sqrt(squares), 1e-12);
      for (int64_t i = 0; i < in; ++i) {
        weight[row * in + i] = static_cast<float>(weight[row * in + i] / length);
      }
    }
    std::vector<std::string> inputs = {
        In(node), Matrix(node.name + ".weight", {linear.out_features, in}, weight)};
    if (linear.bias) {
      inputs.push_back(Constant(node.name + ".bias", {linear.out_features}, Values(node, "bias")));
    }
    SetInt(AddNode("Gemm", inputs, OutputName()), "transB", 1);
    return OutputName();
  }

  std::string Emit(const L2Normalize& normalize, const Node& node) {
    onnx::NodeProto& length = AddNode("ReduceL2", {In(node)}, OutputName(".length"));
    SetInts(length, "axes", {1});
    SetInt(length, "keepdims", 1);
    const std::string epsilon =
        Constant(OutputName(".epsilon"), {}, {static_cast<float>(normalize.epsilon)});
    AddNode("Max", {OutputName(".length"), epsilon}, OutputName(".divisor"));
    AddNode("Div", {In(node), OutputName(".divisor")}, OutputName());
    return OutputName();
  }

  std::string Emit(const Scale& scale, const Node& node) {
    const std::string factor =
        Constant(OutputName(".factor"), {}, {static_cast<float>(scale.factor)});
    AddNode("Mul", {In(node), factor}, OutputName());
    return OutputName();
  }

  std::string Emit(const Dropout&, const Node& node) { return In(node); }
  std::string Emit(const DropPath&, const Node& node) { return In(node); }

  const Graph& graph_;
  const Weights& weights_;
  const bool half_;
  std::vector<int> uses_;           // how often each node's value is used
  std::vector<std::string> names_;  // of each node's value in the ONNX graph
  int index_ = 0;                   // of the node being emitted
  onnx::GraphProto proto_;
};

}  // namespace

onnx::GraphProto EmitOnnx(const Graph& graph, const Weights& weights, bool half_precision) {
  CheckWeightsFit(graph, weights);
  return Emitter(graph, weights, half_precision).Emit();
}

}  // namespace unmask
