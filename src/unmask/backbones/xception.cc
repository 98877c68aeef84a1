// Xception (Chollet, CVPR 2017), in the form that FaceForensics++ and timm's legacy_xception share.

#include <string>

#include "unmask/backbones/builds.h"

namespace unmask {
namespace {

class Builder {
 public:
  int64_t Channels(int x) const { return graph.shape(x)[0]; }

  int Norm(int x, const std::string& name) { return graph.AddNode(BatchNorm{}, {x}, name); }
  int Relu(int x) { return graph.AddNode(Activation::kRelu, {x}); }

  // Depthwise 3 × 3, then pointwise.
  int Separable(int x, int64_t channels, const std::string& name) {
    const int64_t in = Channels(x);
    x = graph.AddNode(Conv2d{.out_channels = in, .kernel = 3, .pad = 1, .groups = in}, {x},
                      name + ".conv1");
    return graph.AddNode(Conv2d{.out_channels = channels}, {x}, name + ".pointwise");
  }

  struct BlockOptions {
    int64_t channels;
    int repeats;
    int64_t stride;
    bool start_with_relu = true;
    bool grow_first = true;  // the first convolution changes the channels, otherwise the last
  };

  // Names count ReLUs too, as positions in timm's nn.Sequential "rep".
  int Block(int input, const std::string& name, const BlockOptions& options, double drop_path) {
    int x = input;
    int position = 0;
    for (int i = 0; i < options.repeats; ++i) {
      if (i > 0 || options.start_with_relu) {
        x = Relu(x);
        ++position;
      }
      const bool grow = options.grow_first ? i == 0 : i == options.repeats - 1;
      const std::string prefix = name + ".rep.";
      x = Separable(x, grow ? options.channels : Channels(x), prefix + std::to_string(position++));
      x = Norm(x, prefix + std::to_string(position++));
    }
    if (options.stride != 1) {
      x = graph.AddNode(Pool2d{.kernel = 3, .stride = options.stride, .pad = 1}, {x});
    }
    int skip = input;
    if (options.channels != Channels(input) || options.stride != 1) {
      skip = graph.AddNode(Conv2d{.out_channels = options.channels, .stride = options.stride},
                           {input}, name + ".skip");
      skip = Norm(skip, name + ".skipbn");
    } else if (drop_path > 0) {
      x = graph.AddNode(DropPath{drop_path}, {x});
    }
    return graph.AddNode(Add{}, {x, skip});
  }

  GraphBuilder graph;
};

}  // namespace

Graph BuildXception(int64_t input_size, double dropout, double drop_path) {
  Builder net;
  int x = net.graph.AddInput(3, input_size, input_size);
  x = net.graph.AddNode(Conv2d{.out_channels = 32, .kernel = 3, .stride = 2}, {x}, "conv1");
  x = net.Relu(net.Norm(x, "bn1"));
  x = net.graph.AddNode(Conv2d{.out_channels = 64, .kernel = 3}, {x}, "conv2");
  x = net.Relu(net.Norm(x, "bn2"));
  for (int block = 1; block <= 12; ++block) {
    Builder::BlockOptions options = {.channels = 728, .repeats = 3, .stride = 1};
    if (block <= 3) {
      options = {.channels = block == 1 ? 128 : block == 2 ? 256 : 728, .repeats = 2, .stride = 2};
      options.start_with_relu = block > 1;
    } else if (block == 12) {
      options = {.channels = 1024, .repeats = 2, .stride = 2, .grow_first = false};
    }
    x = net.Block(x, "block" + std::to_string(block), options, drop_path * (block - 1) / 12);
  }
  x = net.Relu(net.Norm(net.Separable(x, 1536, "conv3"), "bn3"));
  x = net.Relu(net.Norm(net.Separable(x, 2048, "conv4"), "bn4"));
  net.graph.SetOutput("features", x);
  x = net.graph.AddNode(GlobalAveragePool{}, {x});
  if (dropout > 0) x = net.graph.AddNode(Dropout{dropout}, {x});
  net.graph.SetOutput("embedding", x);
  return std::move(net.graph).Build();
}

}  // namespace unmask
