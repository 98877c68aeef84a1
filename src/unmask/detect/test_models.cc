#include "unmask/detect/test_models.h"

#include <onnx/onnx_pb.h>

#include <cmath>
#include <fstream>
#include <functional>
#include <numeric>
#include <random>

#include "unmask/backbones/registry.h"
#include "unmask/base/atomic_file.h"
#include "unmask/model/model_file.h"

namespace unmask {
namespace {

namespace fs = std::filesystem;

WeightTensor MadeUp(const Parameter& parameter, std::mt19937& random) {
  const int64_t count = std::accumulate(parameter.shape.begin(), parameter.shape.end(), int64_t{1},
                                        std::multiplies<int64_t>());
  const bool is_scale = parameter.name.ends_with("running_var") ||
                        (parameter.shape.size() == 1 && parameter.name.ends_with("weight"));
  const bool is_kernel = parameter.shape.size() > 1;
  const double fan = is_kernel ? static_cast<double>(count / parameter.shape[0]) : 1;
  std::normal_distribution<float> noise(0,
                                        static_cast<float>(is_kernel ? std::sqrt(2 / fan) : 0.1));
  WeightTensor tensor{parameter.shape, {}};
  for (int64_t i = 0; i < count; ++i) tensor.values.push_back(is_scale ? 1 : noise(random));
  return tensor;
}

}  // namespace

void WriteMeanColourModel(const fs::path& path, const ModelMetadata& metadata,
                          const std::vector<float>& weight, const std::vector<float>& bias) {
  GraphBuilder builder;
  const int input = builder.AddInput(3, metadata.input_height, metadata.input_width);
  const int mean = builder.AddNode(GlobalAveragePool{}, {input});
  const auto logits = static_cast<int64_t>(bias.size());
  builder.SetOutput("logits", builder.AddNode(Linear{.out_features = logits}, {mean}, "head"));
  const Weights weights = {{"head.weight", {{logits, 3}, weight}}, {"head.bias", {{logits}, bias}}};
  WriteModel(path, std::move(builder).Build(), weights, metadata, {.half_precision = false});
}

void WriteMadeUpLite0(const fs::path& path, int input_size) {
  const Graph graph = BuildClassifier(FindBackbone("efficientnet_lite0"), input_size, 2);
  std::mt19937 random(7);
  Weights weights;
  for (const Parameter& parameter : graph.Parameters()) {
    weights[parameter.name] = MadeUp(parameter, random);
  }
  for (float& value : weights["classifier.weight"].values) value *= 0.1f;  // scores that differ
  ModelMetadata metadata;
  metadata.name = "made-up";
  metadata.input_width = metadata.input_height = input_size;
  WriteModel(path, graph, weights, metadata);
}

void MakeForeign(const fs::path& path, const ForeignChanges& changes) {
  onnx::ModelProto model;
  {
    std::ifstream file(path, std::ios::binary);
    model.ParseFromIstream(&file);
  }
  if (!changes.keep_metadata) model.clear_metadata_props();
  onnx::GraphProto& graph = *model.mutable_graph();
  if (!changes.output_name.empty()) {
    const std::string old = graph.output(0).name();
    graph.mutable_output(0)->set_name(changes.output_name);
    for (auto& node : *graph.mutable_node()) {
      for (auto& name : *node.mutable_output()) {
        if (name == old) name = changes.output_name;
      }
    }
  }
  if (!changes.input_shape.empty()) {
    auto* shape = graph.mutable_input(0)->mutable_type()->mutable_tensor_type()->mutable_shape();
    shape->clear_dim();
    for (const int64_t size : changes.input_shape) {
      size < 0 ? shape->add_dim()->set_dim_param("open") : shape->add_dim()->set_dim_value(size);
    }
  }
  if (!changes.second_output.empty()) {
    onnx::NodeProto* copy = graph.add_node();
    copy->set_op_type("Neg");
    copy->add_input(graph.output(0).name());
    copy->add_output(changes.second_output);
    const onnx::ValueInfoProto first = graph.output(0);
    *graph.add_output() = first;
    graph.mutable_output(1)->set_name(changes.second_output);
  }
  if (changes.second_input) {
    const onnx::ValueInfoProto first = graph.input(0);
    *graph.add_input() = first;
    graph.mutable_input(1)->set_name("more");
  }
  WriteTextFile(path, model.SerializeAsString());
}

}  // namespace unmask
