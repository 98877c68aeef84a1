#include "unmask/model/onnx_emitter.h"

#include <cmath>
#include <utility>

#include "unmask/graph/operations.h"
#include "unmask/model/fold_norm.h"
#include "unmask/model/onnx_builder.h"

namespace unmask {
namespace {

class Emitter {
 public:
  Emitter(const Graph& graph, const Weights& weights, bool half)
      : graph_(graph), weights_(weights), uses_(graph.nodes.size()), onnx_(half) {
    for (const Node& node : graph.nodes) {
      for (const int input : node.inputs) ++uses_[input];
    }
    for (const auto& [name, node] : graph.outputs) ++uses_[node];
  }

  onnx::GraphProto Emit() {
    names_.resize(graph_.nodes.size());
    for (size_t i = 0; i < graph_.nodes.size(); ++i) {
      index_ = static_cast<int>(i);
      names_[i] = std::visit([&](const auto& kind) { return Emit(kind, graph_.nodes[i]); },
                             graph_.nodes[i].operation);
    }
    for (const auto& [name, node] : graph_.outputs) {
      onnx_.AddNode("Identity", {names_[node]}, name);
      onnx_.DeclareOutput(name, graph_.nodes[node].shape);
    }
    return std::move(onnx_).Build();
  }

 private:
  // The value of this node under a name of its own; `suffix` tells steps of one node apart.
  std::string OutputName(const char* suffix = "") const {
    return "node" + std::to_string(index_) + suffix;
  }

  const std::string& In(const Node& node, size_t i = 0) const { return names_[node.inputs[i]]; }

  const std::vector<float>& Values(const Node& node, const char* parameter) const {
    return weights_.at(node.name + "." + parameter).values;
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
    onnx_.DeclareInput("images", node.shape);
    return "images";
  }

  // What a convolution, transposed or not, takes: the map, filters, and a bias where there is one.
  std::vector<std::string> ConvolutionInputs(const Node& node, const Filters& filters) {
    const std::string weight = node.name + ".weight", bias = node.name + ".bias";
    std::vector<std::string> inputs = {
        In(node), onnx_.Matrix(weight, weights_.at(weight).shape, filters.weight)};
    if (!filters.bias.empty()) {
      inputs.push_back(onnx_.Constant(bias, {node.shape[0]}, filters.bias));
    }
    return inputs;
  }

  std::string Emit(const Conv2d& conv, const Node& node) {
    const Filters filters = FoldNorm(node, FollowingNorm(), weights_);
    onnx::NodeProto& out = onnx_.AddNode("Conv", ConvolutionInputs(node, filters), OutputName());
    SetWindow(out, conv.padding, conv.kernel, conv.stride, conv.pad, InShape(node));
    SetInt(out, "group", conv.groups);
    return OutputName();
  }

  std::string Emit(const ConvTranspose2d& conv, const Node& node) {
    const Filters filters = FoldNorm(node, nullptr, weights_);
    onnx::NodeProto& out =
        onnx_.AddNode("ConvTranspose", ConvolutionInputs(node, filters), OutputName());
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
      inputs.push_back(
          onnx_.Constant(node.name + "." + name, {InShape(node)[0]}, Values(node, name)));
    }
    SetFloat(onnx_.AddNode("BatchNormalization", inputs, OutputName()), "epsilon",
             static_cast<float>(norm.epsilon));
    return OutputName();
  }

  std::string Emit(const Activation& activation, const Node& node) {
    switch (activation) {
      case Activation::kRelu:
        onnx_.AddNode("Relu", {In(node)}, OutputName());
        break;
      case Activation::kRelu6:
        onnx_.AddNode("Clip",
                      {In(node), onnx_.Constant(OutputName(".low"), {}, {0.0f}),
                       onnx_.Constant(OutputName(".high"), {}, {6.0f})},
                      OutputName());
        break;
      case Activation::kSigmoid:
        onnx_.AddNode("Sigmoid", {In(node)}, OutputName());
        break;
      case Activation::kSilu:
        onnx_.AddNode("Sigmoid", {In(node)}, OutputName(".gate"));
        onnx_.AddNode("Mul", {In(node), OutputName(".gate")}, OutputName());
        break;
      case Activation::kHardSwish:
        onnx_.AddNode("HardSwish", {In(node)}, OutputName());
        break;
      case Activation::kHardSigmoid:  // PyTorch's: relu6(x + 3) / 6
        SetFloat(onnx_.AddNode("HardSigmoid", {In(node)}, OutputName()), "alpha", 1.0f / 6.0f);
        break;
    }
    return OutputName();
  }

  std::string Emit(const Pool2d& pool, const Node& node) {
    onnx::NodeProto& out =
        onnx_.AddNode(pool.maximum ? "MaxPool" : "AveragePool", {In(node)}, OutputName());
    SetWindow(out, pool.padding, pool.kernel, pool.stride, pool.pad, InShape(node));
    // PyTorch counts its padding in the average, TensorFlow's SAME does not.
    if (!pool.maximum) SetInt(out, "count_include_pad", pool.padding == Padding::kExplicit);
    return OutputName();
  }

  std::string Emit(const GlobalAveragePool& pool, const Node& node) {
    if (pool.keep_map) {
      onnx_.AddNode("GlobalAveragePool", {In(node)}, OutputName());
      return OutputName();
    }
    onnx_.AddNode("GlobalAveragePool", {In(node)}, OutputName(".map"));
    SetInt(onnx_.AddNode("Flatten", {OutputName(".map")}, OutputName()), "axis", 1);
    return OutputName();
  }

  std::string Emit(const Upsample& upsample, const Node& node) {
    const auto factor = static_cast<float>(upsample.factor);
    const bool nearest = upsample.interpolation == Interpolation::kNearest;
    onnx::NodeProto& out = onnx_.AddNode(
        "Resize",
        {In(node), "", onnx_.Constant(OutputName(".scales"), {4}, {1, 1, factor, factor})},
        OutputName());
    SetText(out, "mode", nearest ? "nearest" : "linear");
    SetText(out, "coordinate_transformation_mode", nearest ? "asymmetric" : "half_pixel");
    if (nearest) SetText(out, "nearest_mode", "floor");
    return OutputName();
  }

  std::string Emit(const PixelShuffle& shuffle, const Node& node) {
    onnx::NodeProto& out = onnx_.AddNode("DepthToSpace", {In(node)}, OutputName());
    SetInt(out, "blocksize", shuffle.factor);
    SetText(out, "mode", "CRD");  // the order of PyTorch
    return OutputName();
  }

  std::string Emit(const Add&, const Node& node) {
    onnx_.AddNode("Add", {In(node), In(node, 1)}, OutputName());
    return OutputName();
  }

  std::string Emit(const Concatenate&, const Node& node) {
    std::vector<std::string> inputs;
    for (size_t i = 0; i < node.inputs.size(); ++i) inputs.push_back(In(node, i));
    SetInt(onnx_.AddNode("Concat", inputs, OutputName()), "axis", 1);
    return OutputName();
  }

  std::string Emit(const Multiply&, const Node& node) {
    std::string gate = In(node, 1);
    if (InShape(node).size() == 3 && InShape(node, 1).size() == 1) {
      gate = OutputName(".gate");
      onnx_.AddNode("Unsqueeze", {In(node, 1), onnx_.Integers(OutputName(".axes"), {2, 3})}, gate);
    }
    onnx_.AddNode("Mul", {In(node), gate}, OutputName());
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
        In(node), onnx_.Matrix(node.name + ".weight", {linear.out_features, in}, weight)};
    if (linear.bias) {
      inputs.push_back(
          onnx_.Constant(node.name + ".bias", {linear.out_features}, Values(node, "bias")));
    }
    SetInt(onnx_.AddNode("Gemm", inputs, OutputName()), "transB", 1);
    return OutputName();
  }

  std::string Emit(const L2Normalize& normalize, const Node& node) {
    onnx::NodeProto& length = onnx_.AddNode("ReduceL2", {In(node)}, OutputName(".length"));
    SetInts(length, "axes", {1});
    SetInt(length, "keepdims", 1);
    const std::string epsilon =
        onnx_.Constant(OutputName(".epsilon"), {}, {static_cast<float>(normalize.epsilon)});
    onnx_.AddNode("Max", {OutputName(".length"), epsilon}, OutputName(".divisor"));
    onnx_.AddNode("Div", {In(node), OutputName(".divisor")}, OutputName());
    return OutputName();
  }

  std::string Emit(const Scale& scale, const Node& node) {
    const std::string factor =
        onnx_.Constant(OutputName(".factor"), {}, {static_cast<float>(scale.factor)});
    onnx_.AddNode("Mul", {In(node), factor}, OutputName());
    return OutputName();
  }

  std::string Emit(const Dropout&, const Node& node) { return In(node); }
  std::string Emit(const DropPath&, const Node& node) { return In(node); }

  const Graph& graph_;
  const Weights& weights_;
  std::vector<int> uses_;           // how often each node's value is used
  std::vector<std::string> names_;  // of each node's value in the ONNX graph
  int index_ = 0;                   // of the node being emitted
  OnnxBuilder onnx_;
};

}  // namespace

onnx::GraphProto EmitOnnx(const Graph& graph, const Weights& weights, bool half_precision) {
  CheckWeightsFit(graph, weights);
  return Emitter(graph, weights, half_precision).Emit();
}

}  // namespace unmask
