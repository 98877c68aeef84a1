#include "unmask/model/model_weights.h"

#include <onnx/onnx_pb.h>

#include <cstring>
#include <fstream>
#include <utility>

#include "unmask/base/error.h"
#include "unmask/model/half.h"

namespace unmask {
namespace {

constexpr std::string_view kHalf = ".half";  // behind the name of what is stored as fp16

// Constants of the graph ("node12.low"), which are no parameters.
bool IsConstant(const std::string& name) {
  return name.starts_with("node") && name.size() > 4 && name[4] >= '0' && name[4] <= '9';
}

std::vector<float> Values(const onnx::TensorProto& tensor, size_t count) {
  std::vector<float> values(count);
  const std::string& bytes = tensor.raw_data();
  if (tensor.data_type() == onnx::TensorProto::FLOAT) {
    std::memcpy(values.data(), bytes.data(), count * sizeof(float));
    return values;
  }
  for (size_t i = 0; i < count; ++i) {
    uint16_t half;
    std::memcpy(&half, bytes.data() + 2 * i, sizeof(half));
    values[i] = FloatFromHalf(half);
  }
  return values;
}

// Throws Error with the cause alone; the caller adds the file.
WeightTensor Decode(const onnx::TensorProto& tensor) {
  const size_t size = tensor.data_type() == onnx::TensorProto::FLOAT ? 4 : 2;
  const size_t bytes = tensor.raw_data().size();
  WeightTensor weight;
  size_t count = 1;
  for (const int64_t d : tensor.dims()) {
    if (d < 0 || (d > 0 && count > bytes / size / static_cast<size_t>(d))) {
      throw Error("the tensor '" + tensor.name() + "' is shorter than its shape");
    }
    count *= static_cast<size_t>(d);
    weight.shape.push_back(d);
  }
  if (count * size != bytes) {
    throw Error("the tensor '" + tensor.name() + "' is not as long as its shape says");
  }
  weight.values = Values(tensor, count);
  return weight;
}

}  // namespace

Weights ReadModelWeights(const std::filesystem::path& path) {
  const std::string remedy = "Fetch or export the model again";
  std::ifstream file(path, std::ios::binary);
  if (!file) throw Error(path.string() + ": cannot be opened", "Check that it exists");
  onnx::ModelProto model;
  if (!model.ParseFromIstream(&file)) throw Error(path.string() + ": is no ONNX file", remedy);
  Weights weights;
  for (const onnx::TensorProto& tensor : model.graph().initializer()) {
    const bool half = tensor.data_type() == onnx::TensorProto::FLOAT16;
    if (IsConstant(tensor.name())) continue;
    if (!half && tensor.data_type() != onnx::TensorProto::FLOAT) continue;
    std::string name = tensor.name();
    if (half && name.ends_with(kHalf)) name.resize(name.size() - kHalf.size());
    try {
      weights[name] = Decode(tensor);
    } catch (const Error& e) {
      throw Error(path.string() + ": " + e.problem(), remedy);
    }
  }
  return weights;
}

bool UnfoldNorms(const Graph& graph, Weights& weights) {
  bool any = false;
  for (const Node& node : graph.nodes) {
    const auto* norm = std::get_if<BatchNorm>(&node.operation);
    if (norm == nullptr || weights.contains(node.name + ".weight")) continue;
    const Node& before = graph.nodes[node.inputs[0]];
    const auto* conv = std::get_if<Conv2d>(&before.operation);
    const auto shift = weights.find(before.name + ".bias");
    if (conv == nullptr || shift == weights.end()) continue;
    const Shape shape = {conv->out_channels};
    if (shift->second.shape != shape) continue;
    const auto constant = [&](double value) {
      return WeightTensor{shape, std::vector<float>(static_cast<size_t>(conv->out_channels),
                                                    static_cast<float>(value))};
    };
    weights[node.name + ".bias"] = std::exchange(shift->second, constant(0));
    if (!conv->bias) weights.erase(shift);
    weights[node.name + ".weight"] = constant(1);
    weights[node.name + ".running_mean"] = constant(0);
    weights[node.name + ".running_var"] = constant(1 - norm->epsilon);
    any = true;
  }
  return any;
}

}  // namespace unmask
