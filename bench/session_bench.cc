// Images a second of the built-in backbones through Session, random weights, batch 8, all cores.
//
//   session_bench [SECONDS [MODEL.onnx]]    or of one model with its own weights
//   session_bench --write BACKBONE MODEL.onnx    writes such a backbone as a model, measures
//   nothing
//
// One JSON object per line: backbone, precision, runs (images/s each).
#include <chrono>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <string>
#include <tuple>
#include <vector>

#include "unmask/backbones/registry.h"
#include "unmask/base/error.h"
#include "unmask/base/random.h"
#include "unmask/base/temporary_folder.h"
#include "unmask/infer/session.h"
#include "unmask/model/metadata.h"
#include "unmask/model/model_file.h"
#include "unmask/model/weights.h"

namespace unmask {
namespace {

constexpr int64_t kBatch = 8;
constexpr int kRuns = 5;

double Seconds() {
  return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count();
}

// Images a second while `seconds` last.
double Measure(Session& session, const std::vector<float>& images, int64_t size, double seconds) {
  const double start = Seconds();
  int64_t done = 0;
  do {
    session.Run(images, {kBatch, 3, size, size});
    done += kBatch;
  } while (Seconds() - start < seconds);
  return static_cast<double>(done) / (Seconds() - start);
}

// Random weights that keep activations of ordinary size: denormals and infinities cost time.
Weights RandomWeights(const Graph& graph, Random& random) {
  Weights weights;
  for (const Parameter& parameter : graph.Parameters()) {
    const auto& [name, shape] = std::tie(parameter.name, parameter.shape);
    int64_t count = 1;
    for (const int64_t extent : shape) count *= extent;
    WeightTensor& tensor = weights[name] = {shape, {}};
    const double fan_in = static_cast<double>(count / shape[0]);
    const bool ones = name.ends_with("running_var") || name.ends_with("weight");
    for (int64_t i = 0; i < count; ++i) {
      tensor.values.push_back(static_cast<float>(
          shape.size() > 1 ? Normal(random, 0, std::sqrt(2 / fan_in)) : (ones ? 1 : 0)));
    }
  }
  return weights;
}

void Bench(const std::filesystem::path& model, const std::string& name, Precision precision,
           double seconds) {
  Session session(model, {.precision = precision, .batch = kBatch, .use_cache = false});
  const int64_t size = session.inputs().at(0).shape.at(3);
  Random random(1);
  std::vector<float> images(static_cast<size_t>(kBatch * 3 * size * size));
  for (float& value : images) value = static_cast<float>(Uniform(random, -1, 1));
  Measure(session, images, size, seconds / 4);  // warm up
  nlohmann::json line = {{"backbone", name},
                         {"precision", precision == Precision::kFloat ? "fp32" : "bf16"}};
  for (int i = 0; i < kRuns; ++i) {
    line["runs"].push_back(Measure(session, images, size, seconds / kRuns));
  }
  std::printf("%s\n", line.dump().c_str());
  std::fflush(stdout);
}

void Bench(const std::filesystem::path& model, const std::string& name, double seconds) {
  Bench(model, name, Precision::kFloat, seconds);
  if (CpuHasBfloat16()) Bench(model, name, Precision::kBfloat16, seconds);
}

void Write(const Backbone& backbone, const std::filesystem::path& path) {
  const Graph graph = BuildClassifier(backbone, backbone.input_size, 2);
  Random random(1);
  ModelMetadata metadata;
  metadata.name = std::string(backbone.name) + ", random weights";
  metadata.input_width = metadata.input_height = static_cast<int>(backbone.input_size);
  metadata.mean = backbone.mean;
  metadata.deviation = backbone.deviation;
  WriteModel(path, graph, RandomWeights(graph, random), metadata);
}

void Bench(const Backbone& backbone, double seconds) {
  const TemporaryFolder folder;
  const auto path = folder.path() / "model.onnx";
  Write(backbone, path);
  Bench(path, std::string(backbone.name), seconds);
}

}  // namespace
}  // namespace unmask

int main(int argc, char** argv) {
  try {
    if (argc == 4 && std::string(argv[1]) == "--write") {
      unmask::Write(unmask::FindBackbone(argv[2]), argv[3]);
      return 0;
    }
    const double seconds = argc > 1 ? std::atof(argv[1]) : 10;
    if (argc > 2) {
      unmask::Bench(argv[2], std::filesystem::path(argv[2]).stem(), seconds);
      return 0;
    }
    for (const unmask::Backbone& backbone : unmask::Backbones()) unmask::Bench(backbone, seconds);
  } catch (const unmask::Error& error) {
    std::fprintf(stderr, "error: %s\n", error.what());
    return 1;
  }
  return 0;
}
