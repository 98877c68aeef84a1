// Makes small models for the end-to-end tests: quick to load, with answers that depend on the
// picture, and models with every fault that a file from elsewhere may have.
//
//   make_model KIND OUTPUT.onnx

#include <onnx/onnx_pb.h>

#include <cstdio>
#include <fstream>
#include <map>
#include <string>

#include "unmask/base/atomic_file.h"
#include "unmask/base/error.h"
#include "unmask/base/random.h"
#include "unmask/model/model_file.h"

namespace unmask {
namespace {

namespace fs = std::filesystem;

constexpr int kSize = 32;

// Convolution, pooling and a linear layer with seeded weights. The outputs are those of a model of
// ours; the logits differ enough between faces that scores are spread over 0 … 1.
void WriteSmallClassifier(const fs::path& path, int classes, uint64_t seed = 7) {
  GraphBuilder builder;
  const int image = builder.AddInput(3, kSize, kSize);
  const int features = builder.AddNode(
      Activation::kRelu,
      {builder.AddNode(Conv2d{.out_channels = 8, .kernel = 3, .stride = 2}, {image}, "conv")});
  const int embedding = builder.AddNode(GlobalAveragePool{}, {features});
  builder.SetOutput("features", features);
  builder.SetOutput("embedding", embedding);
  builder.SetOutput("logits",
                    builder.AddNode(Linear{.out_features = classes}, {embedding}, "linear"));
  const Graph graph = std::move(builder).Build();
  Random random(seed);
  Weights weights;
  for (const Parameter& parameter : graph.Parameters()) {
    WeightTensor tensor{.shape = parameter.shape, .values = {}};
    int64_t count = 1;
    for (const int64_t side : parameter.shape) count *= side;
    for (int64_t i = 0; i < count; ++i) {
      tensor.values.push_back(static_cast<float>(Normal(random, 0, 1)));
    }
    weights[parameter.name] = std::move(tensor);
  }
  ModelMetadata metadata;
  metadata.name = "small";
  metadata.input_width = metadata.input_height = kSize;
  metadata.training_data = "none: random weights, for tests";
  metadata.licence = "Apache-2.0";
  if (classes > 2) metadata.class_names = {"real", "fake", "other"};
  WriteModel(path, graph, weights, metadata);
}

void Rewrite(const fs::path& path, void (*change)(onnx::ModelProto&)) {
  onnx::ModelProto model;
  std::ifstream input(path, std::ios::binary);
  if (!model.ParseFromIstream(&input)) throw Error("cannot read back " + path.string());
  change(model);
  WriteTextFile(path, model.SerializeAsString());
}

void SetInputShape(onnx::ModelProto& model, const std::vector<int64_t>& shape) {
  auto* stated = model.mutable_graph()
                     ->mutable_input(0)
                     ->mutable_type()
                     ->mutable_tensor_type()
                     ->mutable_shape();
  stated->clear_dim();
  stated->add_dim()->set_dim_param("batch");
  for (const int64_t side : shape) stated->add_dim()->set_dim_value(side);
}

// A network that hands its input through, for inputs that are no colour pictures.
void WriteFlat(const fs::path& path, const std::vector<int64_t>& shape) {
  onnx::ModelProto model;
  model.set_ir_version(8);
  model.add_opset_import()->set_version(17);
  onnx::GraphProto* graph = model.mutable_graph();
  graph->set_name("flat");
  for (const bool output : {false, true}) {
    onnx::ValueInfoProto* info = output ? graph->add_output() : graph->add_input();
    info->set_name(output ? "logits" : "images");
    info->mutable_type()->mutable_tensor_type()->set_elem_type(onnx::TensorProto::FLOAT);
  }
  SetInputShape(model, shape);
  onnx::NodeProto* node = graph->add_node();
  node->set_op_type("Flatten");
  node->add_input("images");
  node->add_output("logits");
  WriteTextFile(path, model.SerializeAsString());
}

void AddSecondInput(onnx::ModelProto& model) {
  onnx::GraphProto* graph = model.mutable_graph();
  *graph->add_input() = graph->input(0);
  graph->mutable_input(1)->set_name("more");
  onnx::NodeProto* node = graph->add_node();
  node->set_op_type("Relu");
  node->add_input("more");
  node->add_output("more_out");
  graph->add_output()->set_name("more_out");
  *graph->mutable_output(graph->output_size() - 1)->mutable_type() = graph->input(1).type();
}

void RemoveOutput(onnx::ModelProto& model, const std::string& name) {
  auto* outputs = model.mutable_graph()->mutable_output();
  for (int i = outputs->size() - 1; i >= 0; --i) {
    if (outputs->Get(i).name() == name) outputs->DeleteSubrange(i, 1);
  }
}

using Maker = void (*)(const fs::path&);

const std::map<std::string, Maker>& Makers() {
  static const std::map<std::string, Maker> makers = {
      {"good", [](const fs::path& p) { WriteSmallClassifier(p, 2); }},
      {"second", [](const fs::path& p) { WriteSmallClassifier(p, 2, 8); }},
      {"third", [](const fs::path& p) { WriteSmallClassifier(p, 2, 11); }},
      {"three-classes", [](const fs::path& p) { WriteSmallClassifier(p, 3); }},
      {"vector-input", [](const fs::path& p) { WriteFlat(p, {2}); }},
      {"grey-input",
       [](const fs::path& p) {
         WriteFlat(p, {1, 1, 2});
       }},
      {"no-metadata",
       [](const fs::path& p) {
         WriteSmallClassifier(p, 2);
         Rewrite(p, [](onnx::ModelProto& m) { m.clear_metadata_props(); });
       }},
      {"two-inputs",
       [](const fs::path& p) {
         WriteSmallClassifier(p, 2);
         Rewrite(p, AddSecondInput);
       }},
      {"other-outputs",
       [](const fs::path& p) {
         WriteSmallClassifier(p, 2);
         Rewrite(p, [](onnx::ModelProto& m) { RemoveOutput(m, "logits"); });
       }},
      {"no-embedding",
       [](const fs::path& p) {
         WriteSmallClassifier(p, 2);
         Rewrite(p, [](onnx::ModelProto& m) { RemoveOutput(m, "embedding"); });
       }},
      {"no-features",
       [](const fs::path& p) {
         WriteSmallClassifier(p, 2);
         Rewrite(p, [](onnx::ModelProto& m) {
           auto* outputs = m.mutable_graph()->mutable_output();
           for (int i = outputs->size() - 1; i >= 0; --i) {
             if (outputs->Get(i).name() == "features") outputs->DeleteSubrange(i, 1);
           }
         });
       }},
      {"other-size",
       [](const fs::path& p) {
         WriteSmallClassifier(p, 2);
         Rewrite(p, [](onnx::ModelProto& m) {
           std::string& text = *m.mutable_metadata_props(0)->mutable_value();
           for (size_t at = 0; (at = text.find(": 32", at)) != std::string::npos;) {
             text.replace(at, 4, ": 64");
           }
         });
       }},
  };
  return makers;
}

int Main(int argc, char** argv) {
  try {
    if (argc != 3 || Makers().count(argv[1]) == 0) {
      std::string kinds;
      for (const auto& [kind, maker] : Makers()) kinds += " " + kind;
      throw Error("usage: make_model KIND OUTPUT.onnx, with a KIND of" + kinds);
    }
    Makers().at(argv[1])(argv[2]);
  } catch (const Error& e) {
    std::fprintf(stderr, "%s\n", e.what());
    return 1;
  }
  return 0;
}

}  // namespace
}  // namespace unmask

int main(int argc, char** argv) { return unmask::Main(argc, argv); }
