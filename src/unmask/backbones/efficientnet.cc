// EfficientNet (Tan and Le, ICML 2019) with TensorFlow's padding: B0, B4, and Lite0
// (github.com/tensorflow/tpu, 2020), which is B0 without squeeze-and-excitation and with ReLU6.

#include <cmath>
#include <string>

#include "unmask/backbones/builds.h"
#include "unmask/backbones/mobile_blocks.h"
#include "unmask/backbones/registry.h"

namespace unmask {
namespace {

struct Stage {
  int64_t repeats, kernel, stride, expansion, channels;
};
// B0; the others are scaled from it.
constexpr Stage kStages[] = {{1, 3, 1, 1, 16}, {2, 3, 2, 6, 24},  {2, 5, 2, 6, 40},
                             {3, 3, 2, 6, 80}, {3, 5, 1, 6, 112}, {4, 5, 2, 6, 192},
                             {1, 3, 1, 6, 320}};

struct Scaling {
  double width = 1, depth = 1;
  Activation activation = Activation::kSilu;
  bool squeeze = true;

  int64_t Repeats(const Stage& stage) const {
    return static_cast<int64_t>(std::ceil(static_cast<double>(stage.repeats) * depth));
  }
  int64_t Channels(int64_t channels) const {
    return RoundChannels(static_cast<double>(channels) * width);
  }
};

// The image and the convolution in front of all stages.
int AddStem(MobileBuilder& net, const Scaling& scaling, int64_t input_size) {
  const int image = net.graph.AddInput(3, input_size, input_size);
  return net.Convolve(image, "conv_stem", "bn1",
                      {.out_channels = scaling.Channels(32), .kernel = 3, .stride = 2},
                      scaling.activation);
}

struct StageRange {
  size_t first = 0, end = std::size(kStages);
  std::string prefix = "";  // of the parameters' names
};

int AddStages(MobileBuilder& net, int x, const Scaling& scaling, const StageRange& range,
              double drop_path) {
  int64_t blocks = 0, done = 0;
  for (size_t s = 0; s < range.end; ++s) {
    blocks += scaling.Repeats(kStages[s]);
    if (s < range.first) done = blocks;
  }
  for (size_t s = range.first; s < range.end; ++s) {
    const Stage& stage = kStages[s];
    for (int64_t b = 0; b < scaling.Repeats(stage); ++b) {
      const int64_t in = net.graph.shape(x)[0];
      const MobileBlock block = {.kernel = stage.kernel,
                                 .stride = b == 0 ? stage.stride : 1,
                                 .expanded = stage.expansion == 1 ? 0 : in * stage.expansion,
                                 .squeezed = scaling.squeeze ? in / 4 : 0,
                                 .channels = scaling.Channels(stage.channels),
                                 .activation = scaling.activation};
      const std::string name =
          range.prefix + "blocks." + std::to_string(s) + "." + std::to_string(b) + ".";
      const double drop = drop_path * static_cast<double>(done++) / static_cast<double>(blocks);
      x = net.Block(x, name, block, drop);
    }
  }
  return x;
}

// The convolution behind all stages.
int AddEnd(MobileBuilder& net, int x, const Scaling& scaling, const std::string& prefix = "") {
  return net.Convolve(x, prefix + "conv_head", prefix + "bn2",
                      {.out_channels = scaling.Channels(1280)}, scaling.activation);
}

// Returns the embedding.
int AddOutputs(GraphBuilder& graph, int features, double dropout) {
  graph.SetOutput("features", features);
  int x = graph.AddNode(GlobalAveragePool{}, {features});
  if (dropout > 0) x = graph.AddNode(Dropout{dropout}, {x});
  graph.SetOutput("embedding", x);
  return x;
}

constexpr MobileStyle kStyle = {.padding = Padding::kSame, .epsilon = 1e-3};
constexpr Scaling kLite0 = {.activation = Activation::kRelu6, .squeeze = false};
constexpr size_t kEarlyStages = 5;   // that the early network has
constexpr size_t kSharedStages = 2;  // that the branches have in common

Graph BuildEfficientNet(const Scaling& scaling, int64_t input_size, double dropout,
                        double drop_path) {
  MobileBuilder net(kStyle);
  int x = AddStem(net, scaling, input_size);
  x = AddStages(net, x, scaling, {}, drop_path);
  AddOutputs(net.graph, AddEnd(net, x, scaling), dropout);
  return std::move(net.graph).Build();
}

}  // namespace

Graph BuildEfficientNetB0(int64_t input_size, double dropout, double drop_path) {
  return BuildEfficientNet({}, input_size, dropout, drop_path);
}

Graph BuildEfficientNetB4(int64_t input_size, double dropout, double drop_path) {
  return BuildEfficientNet({.width = 1.4, .depth = 1.8}, input_size, dropout, drop_path);
}

Graph BuildEfficientNetLite0(int64_t input_size, double dropout, double drop_path) {
  return BuildEfficientNet(kLite0, input_size, dropout, drop_path);
}

Graph BuildEfficientNetLite0Early(int64_t input_size, double dropout, double drop_path) {
  MobileBuilder net(kStyle);
  const int stem = AddStem(net, kLite0, input_size);
  AddOutputs(net.graph, AddStages(net, stem, kLite0, {.end = kEarlyStages}, drop_path), dropout);
  return std::move(net.graph).Build();
}

Graph BuildEfficientNetLite0Branches(int64_t input_size, double dropout, double drop_path) {
  MobileBuilder net(kStyle);
  GraphBuilder& graph = net.graph;
  const int stem = AddStem(net, kLite0, input_size);
  const int shared = AddStages(net, stem, kLite0, {.end = kSharedStages}, drop_path);
  const int general =
      AddStages(net, shared, kLite0, {.first = kSharedStages, .end = kEarlyStages}, drop_path);
  const std::string prefix(kSpecificBranch);
  int specific =
      AddStages(net, shared, kLite0, {.first = kSharedStages, .prefix = prefix}, drop_path);
  specific = AddEnd(net, specific, kLite0, prefix);
  // Repeating pixels changes no mean, and makes one map of the two, as explanations want it.
  const int64_t factor = graph.shape(general)[1] / graph.shape(specific)[1];
  specific = graph.AddNode(Upsample{.factor = factor}, {specific});
  const int features = graph.AddNode(Concatenate{}, {general, specific});
  const int embedding = AddOutputs(graph, features, dropout);
  const int evidence =
      graph.AddNode(Linear{.out_features = kEvidenceUnits}, {embedding}, "evidence");
  graph.SetOutput("evidence", graph.AddNode(Activation::kRelu, {evidence}));
  return std::move(graph).Build();
}

}  // namespace unmask
