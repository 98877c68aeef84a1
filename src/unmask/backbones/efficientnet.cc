// EfficientNet (Tan and Le, ICML 2019) with TensorFlow's padding: B0, B4, and Lite0
// (github.com/tensorflow/tpu, 2020), which is B0 without squeeze-and-excitation and with ReLU6.

#include <cmath>
#include <string>

#include "unmask/backbones/builds.h"
#include "unmask/backbones/mobile_blocks.h"

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
  size_t stages = std::size(kStages);  // fewer: the features are those of the last one, no head

  int64_t Repeats(const Stage& stage) const {
    return static_cast<int64_t>(std::ceil(static_cast<double>(stage.repeats) * depth));
  }
  int64_t Channels(int64_t channels) const {
    return RoundChannels(static_cast<double>(channels) * width);
  }
};

Graph BuildEfficientNet(const Scaling& scaling, int64_t input_size, double dropout,
                        double drop_path) {
  MobileBuilder net({.padding = Padding::kSame, .epsilon = 1e-3});
  int x = net.graph.AddInput(3, input_size, input_size);
  x = net.Convolve(x, "conv_stem", "bn1",
                   {.out_channels = scaling.Channels(32), .kernel = 3, .stride = 2},
                   scaling.activation);
  int64_t blocks = 0, done = 0;
  for (size_t s = 0; s < scaling.stages; ++s) blocks += scaling.Repeats(kStages[s]);
  for (size_t s = 0; s < scaling.stages; ++s) {
    const Stage& stage = kStages[s];
    for (int64_t b = 0; b < scaling.Repeats(stage); ++b) {
      const int64_t in = net.graph.shape(x)[0];
      const MobileBlock block = {.kernel = stage.kernel,
                                 .stride = b == 0 ? stage.stride : 1,
                                 .expanded = stage.expansion == 1 ? 0 : in * stage.expansion,
                                 .squeezed = scaling.squeeze ? in / 4 : 0,
                                 .channels = scaling.Channels(stage.channels),
                                 .activation = scaling.activation};
      const std::string name = "blocks." + std::to_string(s) + "." + std::to_string(b) + ".";
      const double drop = drop_path * static_cast<double>(done++) / static_cast<double>(blocks);
      x = net.Block(x, name, block, drop);
    }
  }
  if (scaling.stages == std::size(kStages)) {
    x = net.Convolve(x, "conv_head", "bn2", {.out_channels = scaling.Channels(1280)},
                     scaling.activation);
  }
  net.graph.SetOutput("features", x);
  x = net.graph.AddNode(GlobalAveragePool{}, {x});
  if (dropout > 0) x = net.graph.AddNode(Dropout{dropout}, {x});
  net.graph.SetOutput("embedding", x);
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
  return BuildEfficientNet({.activation = Activation::kRelu6, .squeeze = false}, input_size,
                           dropout, drop_path);
}

Graph BuildEfficientNetLite0Early(int64_t input_size, double dropout, double drop_path) {
  return BuildEfficientNet({.activation = Activation::kRelu6, .squeeze = false, .stages = 5},
                           input_size, dropout, drop_path);
}

}  // namespace unmask
