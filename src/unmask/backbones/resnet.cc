// ResNet-18 and ResNet-50 (He et al., CVPR 2016), the stride in the 3 × 3 convolution as in
// torchvision, whose parameter names are also timm's.

#include <array>
#include <string>

#include "unmask/backbones/builds.h"

namespace unmask {
namespace {

struct Depth {
  std::array<int64_t, 4> blocks;
  bool bottleneck;  // 1 × 1, 3 × 3, 1 × 1 with four times the width; otherwise 3 × 3, 3 × 3
};

class Builder {
 public:
  int Relu(int x) { return graph.AddNode(Activation::kRelu, {x}); }

  int Convolve(int x, const std::string& conv, const std::string& norm, Conv2d operation) {
    operation.pad = operation.kernel / 2;
    x = graph.AddNode(operation, {x}, conv);
    return graph.AddNode(BatchNorm{}, {x}, norm);
  }

  int Block(int input, const std::string& name, bool bottleneck, int64_t width, int64_t stride,
            double drop_path) {
    const int64_t channels = bottleneck ? 4 * width : width;
    const Conv2d spatial = {.out_channels = width, .kernel = 3, .stride = stride};
    int x = input;
    if (bottleneck) {
      x = Relu(Convolve(x, name + "conv1", name + "bn1", {.out_channels = width}));
      x = Relu(Convolve(x, name + "conv2", name + "bn2", spatial));
      x = Convolve(x, name + "conv3", name + "bn3", {.out_channels = channels});
    } else {
      x = Relu(Convolve(x, name + "conv1", name + "bn1", spatial));
      x = Convolve(x, name + "conv2", name + "bn2", {.out_channels = channels, .kernel = 3});
    }
    if (drop_path > 0) x = graph.AddNode(DropPath{drop_path}, {x});
    int skip = input;
    if (stride != 1 || graph.shape(input)[0] != channels) {
      skip = Convolve(input, name + "downsample.0", name + "downsample.1",
                      {.out_channels = channels, .stride = stride});
    }
    return Relu(graph.AddNode(Add{}, {x, skip}));
  }

  GraphBuilder graph;
};

Graph BuildResNet(const Depth& depth, int64_t input_size, double dropout, double drop_path) {
  Builder net;
  int x = net.graph.AddInput(3, input_size, input_size);
  x = net.Relu(net.Convolve(x, "conv1", "bn1", {.out_channels = 64, .kernel = 7, .stride = 2}));
  x = net.graph.AddNode(Pool2d{.kernel = 3, .stride = 2, .pad = 1}, {x});
  int64_t blocks = 0, done = 0;
  for (const int64_t n : depth.blocks) blocks += n;
  for (size_t s = 0; s < depth.blocks.size(); ++s) {
    for (int64_t b = 0; b < depth.blocks[s]; ++b) {
      const std::string name = "layer" + std::to_string(s + 1) + "." + std::to_string(b) + ".";
      const double drop = drop_path * static_cast<double>(done++) / static_cast<double>(blocks - 1);
      x = net.Block(x, name, depth.bottleneck, int64_t{64} << s, s > 0 && b == 0 ? 2 : 1, drop);
    }
  }
  net.graph.SetOutput("features", x);
  x = net.graph.AddNode(GlobalAveragePool{}, {x});
  if (dropout > 0) x = net.graph.AddNode(Dropout{dropout}, {x});
  net.graph.SetOutput("embedding", x);
  return std::move(net.graph).Build();
}

}  // namespace

Graph BuildResNet18(int64_t input_size, double dropout, double drop_path) {
  return BuildResNet({{2, 2, 2, 2}, false}, input_size, dropout, drop_path);
}

Graph BuildResNet50(int64_t input_size, double dropout, double drop_path) {
  return BuildResNet({{3, 4, 6, 3}, true}, input_size, dropout, drop_path);
}

}  // namespace unmask
