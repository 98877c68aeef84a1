#include "unmask/model/model_head.h"

#include <onnx/onnx_pb.h>

#include <algorithm>
#include <cstring>
#include <fstream>
#include <map>
#include <optional>
#include <utility>

#include "unmask/base/error.h"
#include "unmask/model/half.h"

namespace unmask {
namespace {

const onnx::AttributeProto* FindAttribute(const onnx::NodeProto& node, const char* name) {
  for (const onnx::AttributeProto& attribute : node.attribute()) {
    if (attribute.name() == name) return &attribute;
  }
  return nullptr;
}

int64_t IntOf(const onnx::NodeProto& node, const char* name, int64_t standard) {
  const onnx::AttributeProto* attribute = FindAttribute(node, name);
  return attribute == nullptr ? standard : attribute->i();
}

float FloatOf(const onnx::NodeProto& node, const char* name, float standard) {
  const onnx::AttributeProto* attribute = FindAttribute(node, name);
  return attribute == nullptr ? standard : attribute->f();
}

struct Constant {
  Shape shape;
  std::vector<float> values;
};

// Float constants as they lie in the file; nothing for other types and for damaged ones.
std::optional<Constant> Decode(const onnx::TensorProto& tensor) {
  Constant constant{{tensor.dims().begin(), tensor.dims().end()}, {}};
  const std::string& bytes = tensor.raw_data();
  if (tensor.data_type() == onnx::TensorProto::FLOAT16) {
    for (size_t i = 0; i + 2 <= bytes.size(); i += 2) {
      uint16_t half;
      std::memcpy(&half, bytes.data() + i, sizeof(half));
      constant.values.push_back(FloatFromHalf(half));
    }
  } else if (tensor.data_type() == onnx::TensorProto::FLOAT && !bytes.empty()) {
    constant.values.resize(bytes.size() / sizeof(float));
    std::memcpy(constant.values.data(), bytes.data(), constant.values.size() * sizeof(float));
  } else {
    constant.values.assign(tensor.float_data().begin(), tensor.float_data().end());
  }
  int64_t count = 1;
  for (const int64_t side : constant.shape) {
    if (side < 1 || side > (int64_t{1} << 32)) return std::nullopt;
    count *= side;
  }
  if (count != static_cast<int64_t>(constant.values.size())) return std::nullopt;
  return constant;
}

// Throws Error with the cause alone; ReadModelHead() adds the file.
class Walk {
 public:
  explicit Walk(const onnx::GraphProto& graph) {
    for (const auto& node : graph.node()) {
      for (const auto& output : node.output()) makers_[output] = &node;
    }
    for (const auto& tensor : graph.initializer()) tensors_[tensor.name()] = &tensor;
    for (const auto& output : graph.output()) outputs_.push_back(output.name());
  }

  ModelHead Follow(const std::string& features, const std::string& logits) {
    for (const std::string& name : {features, logits}) {
      if (std::find(outputs_.begin(), outputs_.end(), name) == outputs_.end()) {
        throw Error("has no output called '" + name + "'");
      }
    }
    const std::string start = Source(features);
    std::string value = Source(logits);
    bool pooled = false;
    for (size_t left = makers_.size() + 1; value != start; --left) {  // a cycle ends as well
      const auto maker = makers_.find(value);
      if (maker == makers_.end() || left == 0) {
        throw Error("its logits are not computed from the output '" + features + "' alone");
      }
      const onnx::NodeProto& node = *maker->second;
      if (node.input_size() == 0) throw Error("its head holds a step without an input");
      const bool pools = IsPooling(node);
      std::string before = pools ? node.input(0) : Step(node);
      value = Source(before);
      pooled = pools && value == start;
    }
    if (!pooled) {
      throw Error("the output '" + features + "' does not go through global average pooling");
    }
    std::reverse(head_.steps.begin(), head_.steps.end());
    for (const HeadStep& step : head_.steps) {
      if (const auto* linear = std::get_if<HeadLinear>(&step); linear && head_.channels == 0) {
        head_.channels = linear->in;
      }
    }
    CheckSizes();
    return std::move(head_);
  }

 private:
  // The value that hides behind names that change nothing.
  std::string Source(std::string value) const {
    for (size_t left = makers_.size() + 1; left > 0; --left) {
      const auto maker = makers_.find(value);
      if (maker == makers_.end() || maker->second->input_size() == 0) break;
      const std::string& type = maker->second->op_type();
      if (type != "Identity" && type != "Dropout" && type != "Flatten" && type != "Squeeze") break;
      value = maker->second->input(0);
    }
    return value;
  }

  static bool IsPooling(const onnx::NodeProto& node) {
    if (node.op_type() == "GlobalAveragePool") return true;
    if (node.op_type() != "ReduceMean") return false;
    const onnx::AttributeProto* axes = FindAttribute(node, "axes");
    if (axes == nullptr || axes->ints_size() != 2) return false;
    std::vector<int64_t> sorted = {(axes->ints(0) + 4) % 4, (axes->ints(1) + 4) % 4};
    std::sort(sorted.begin(), sorted.end());
    return sorted == std::vector<int64_t>{2, 3};
  }

  // Adds the step that `node` is, and returns the name of what it takes.
  std::string Step(const onnx::NodeProto& node) {
    const std::string& type = node.op_type();
    if (type == "Gemm") return Gemm(node);
    if (type == "Conv") return Convolution(node);
    if (type == "Mul") return Factor(node);
    if (type == "Div") return Normalization(node);
    if (type == "Relu" || type == "HardSwish") {
      head_.steps.emplace_back(type == "Relu" ? Activation::kRelu : Activation::kHardSwish);
      return node.input(0);
    }
    Refuse(node);
  }

  [[noreturn]] static void Refuse(const onnx::NodeProto& node) {
    throw Error("its head holds a step that is not understood (" + node.op_type() + ")");
  }

  std::optional<Constant> FindConstant(const std::string& name) const {
    const auto tensor = tensors_.find(name);
    if (tensor != tensors_.end()) return Decode(*tensor->second);
    const auto maker = makers_.find(name);
    if (maker == makers_.end()) return std::nullopt;
    const onnx::NodeProto& node = *maker->second;
    if (node.op_type() == "Constant") {
      const onnx::AttributeProto* value = FindAttribute(node, "value");
      return value == nullptr ? std::nullopt : Decode(value->t());
    }
    if (node.op_type() != "Cast" || node.input_size() != 1) return std::nullopt;
    const auto stored = tensors_.find(node.input(0));  // what WriteModel() stored as fp16
    return stored == tensors_.end() ? std::nullopt : Decode(*stored->second);
  }

  void AddLinear(const onnx::NodeProto& node, HeadLinear linear) {
    if (node.input_size() == 3) {
      const std::optional<Constant> bias = FindConstant(node.input(2));
      if (!bias || static_cast<int64_t>(bias->values.size()) != linear.out) Refuse(node);
      linear.bias = bias->values;
    }
    head_.steps.emplace_back(std::move(linear));
  }

  std::string Gemm(const onnx::NodeProto& node) {
    const std::optional<Constant> weight =
        node.input_size() < 2 ? std::nullopt : FindConstant(node.input(1));
    if (!weight || weight->shape.size() != 2 || IntOf(node, "transA", 0) != 0 ||
        FloatOf(node, "alpha", 1) != 1 || FloatOf(node, "beta", 1) != 1) {
      Refuse(node);
    }
    const int64_t rows = weight->shape[0], columns = weight->shape[1];
    if (IntOf(node, "transB", 0) != 0) {
      AddLinear(node, {columns, rows, weight->values, {}});
      return node.input(0);
    }
    HeadLinear linear{rows, columns, std::vector<float>(weight->values.size()), {}};
    for (int64_t i = 0; i < rows; ++i) {
      for (int64_t o = 0; o < columns; ++o) {
        linear.weight[o * rows + i] = weight->values[i * columns + o];
      }
    }
    AddLinear(node, std::move(linear));
    return node.input(0);
  }

  // Of the pooled map, one pixel; behind the pooling it is a linear layer.
  std::string Convolution(const onnx::NodeProto& node) {
    const std::optional<Constant> weight =
        node.input_size() < 2 ? std::nullopt : FindConstant(node.input(1));
    if (!weight || weight->shape.size() != 4 || weight->shape[2] != 1 || weight->shape[3] != 1 ||
        IntOf(node, "group", 1) != 1) {
      Refuse(node);
    }
    AddLinear(node, {weight->shape[1], weight->shape[0], weight->values, {}});
    return node.input(0);
  }

  std::string Factor(const onnx::NodeProto& node) {
    for (int i = 0; i < 2 && node.input_size() == 2; ++i) {
      const std::optional<Constant> factor = FindConstant(node.input(i));
      if (!factor || factor->values.size() != 1) continue;
      head_.steps.emplace_back(Scale{factor->values[0]});
      return node.input(1 - i);
    }
    Refuse(node);
  }

  // x / max(‖x‖, ε), as WriteModel() emits L2Normalize.
  std::string Normalization(const onnx::NodeProto& node) {
    const auto divisor = makers_.find(node.input_size() == 2 ? node.input(1) : "");
    if (divisor == makers_.end() || divisor->second->op_type() != "Max" ||
        divisor->second->input_size() != 2) {
      Refuse(node);
    }
    const auto length = makers_.find(divisor->second->input(0));
    const std::optional<Constant> epsilon = FindConstant(divisor->second->input(1));
    if (length == makers_.end() || length->second->op_type() != "ReduceL2" || !epsilon ||
        epsilon->values.size() != 1 || length->second->input(0) != node.input(0)) {
      Refuse(node);
    }
    head_.steps.emplace_back(L2Normalize{.epsilon = epsilon->values[0]});
    return node.input(0);
  }

  void CheckSizes() const {
    int64_t size = head_.channels;
    for (const HeadStep& step : head_.steps) {
      const auto* linear = std::get_if<HeadLinear>(&step);
      if (linear == nullptr) continue;
      if (linear->in != size) throw Error("the layers of its head do not fit each other");
      size = linear->out;
    }
    if (size == 0) throw Error("its head holds no linear layer");
  }

  std::map<std::string, const onnx::NodeProto*> makers_;  // by what they make
  std::map<std::string, const onnx::TensorProto*> tensors_;
  std::vector<std::string> outputs_;
  ModelHead head_;  // its last step first while it grows
};

}  // namespace

ModelHead ReadModelHead(const std::filesystem::path& path, const std::string& features,
                        const std::string& logits) {
  std::ifstream file(path, std::ios::binary);
  if (!file) throw Error(path.string() + ": cannot be opened", "Check that it exists");
  onnx::ModelProto model;
  if (!model.ParseFromIstream(&file)) {
    throw Error(path.string() + ": is no ONNX file", "Fetch or export the model again");
  }
  try {
    return Walk(model.graph()).Follow(features, logits);
  } catch (const Error& e) {
    throw Error(path.string() + ": " + e.problem(),
                "Export the model with its last feature map as the output 'features' and, behind "
                "it, global average pooling and linear layers only, as models of `unmask train` "
                "have it");
  }
}

}  // namespace unmask
