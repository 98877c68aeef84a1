// EfficientNet-Lite0 (github.com/tensorflow/tpu, 2020; after Tan and Le, EfficientNet, ICML 2019):
// EfficientNet-B0 without squeeze-and-excitation, with ReLU6 and TensorFlow's padding.

#include <string>

#include "unmask/backbones/builds.h"

namespace unmask {
namespace {

struct Stage {
  int64_t repeats, kernel, stride, expansion, channels;
};
constexpr Stage kStages[] = {{1, 3, 1, 1, 16}, {2, 3, 2, 6, 24},  {2, 5, 2, 6, 40},
                             {3, 3, 2, 6, 80}, {3, 5, 1, 6, 112}, {4, 5, 2, 6, 192},
                             {1, 3, 1, 6, 320}};

class Builder {
 public:
  int64_t Channels(int x) const { return graph.shape(x)[0]; }

  int Convolve(int x, const std::string& conv, const std::string& norm, Conv2d operation,
               bool activate) {
    operation.padding = Padding::kSame;
    x = graph.AddNode(operation, {x}, conv);
    x = graph.AddNode(BatchNorm{.epsilon = 1e-3}, {x}, norm);
    return activate ? graph.AddNode(Activation::kRelu6, {x}) : x;
  }

  int Depthwise(int x, const std::string& conv, const std::string& norm, int64_t kernel,
                int64_t stride) {
    const int64_t channels = Channels(x);
    return Convolve(
        x, conv, norm,
        {.out_channels = channels, .kernel = kernel, .stride = stride, .groups = channels}, true);
  }

  // A depthwise-separable block (expansion 1) or an inverted residual (Sandler et al., 2018).
  int Block(int input, const std::string& name, const Stage& stage, int64_t stride,
            double drop_path) {
    int x = input;
    if (stage.expansion == 1) {
      x = Depthwise(x, name + "conv_dw", name + "bn1", stage.kernel, stride);
      x = Convolve(x, name + "conv_pw", name + "bn2", {.out_channels = stage.channels}, false);
    } else {
      const Conv2d expand = {.out_channels = Channels(x) * stage.expansion};
      x = Convolve(x, name + "conv_pw", name + "bn1", expand, true);
      x = Depthwise(x, name + "conv_dw", name + "bn2", stage.kernel, stride);
      x = Convolve(x, name + "conv_pwl", name + "bn3", {.out_channels = stage.channels}, false);
    }
    if (stride != 1 || Channels(input) != stage.channels) return x;
    if (drop_path > 0) x = graph.AddNode(DropPath{drop_path}, {x});
    return graph.AddNode(Add{}, {x, input});
  }

  GraphBuilder graph;
};

}  // namespace

Graph BuildEfficientNetLite0(int64_t input_size, double dropout, double drop_path) {
  Builder net;
  int x = net.graph.AddInput(3, input_size, input_size);
  x = net.Convolve(x, "conv_stem", "bn1", {.out_channels = 32, .kernel = 3, .stride = 2}, true);
  int64_t blocks = 0, done = 0;
  for (const Stage& stage : kStages) blocks += stage.repeats;
  for (size_t s = 0; s < std::size(kStages); ++s) {
    for (int64_t b = 0; b < kStages[s].repeats; ++b) {
      const std::string name = "blocks." + std::to_string(s) + "." + std::to_string(b) + ".";
      const double drop = drop_path * static_cast<double>(done++) / static_cast<double>(blocks);
      x = net.Block(x, name, kStages[s], b == 0 ? kStages[s].stride : 1, drop);
    }
  }
  x = net.Convolve(x, "conv_head", "bn2", {.out_channels = 1280}, true);
  net.graph.SetOutput("features", x);
  x = net.graph.AddNode(GlobalAveragePool{}, {x});
  if (dropout > 0) x = net.graph.AddNode(Dropout{dropout}, {x});
  net.graph.SetOutput("embedding", x);
  return std::move(net.graph).Build();
}

}  // namespace unmask
