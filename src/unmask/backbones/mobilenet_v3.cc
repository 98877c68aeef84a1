// MobileNetV3-Large (Howard et al., Searching for MobileNetV3, ICCV 2019) with PyTorch's padding,
// as timm's mobilenetv3_large_100.

#include <string>

#include "unmask/backbones/builds.h"
#include "unmask/backbones/mobile_blocks.h"

namespace unmask {
namespace {

struct Row {
  int64_t kernel, stride, expanded, channels;
  bool squeeze, hard_swish;
};
// Table 1 of the paper. Rows of one width are a stage in the parameters' names.
constexpr Row kRows[] = {
    {3, 1, 0, 16, false, false},  {3, 2, 64, 24, false, false}, {3, 1, 72, 24, false, false},
    {5, 2, 72, 40, true, false},  {5, 1, 120, 40, true, false}, {5, 1, 120, 40, true, false},
    {3, 2, 240, 80, false, true}, {3, 1, 200, 80, false, true}, {3, 1, 184, 80, false, true},
    {3, 1, 184, 80, false, true}, {3, 1, 480, 112, true, true}, {3, 1, 672, 112, true, true},
    {5, 2, 672, 160, true, true}, {5, 1, 960, 160, true, true}, {5, 1, 960, 160, true, true}};

}  // namespace

Graph BuildMobileNetV3Large(int64_t input_size, double dropout, double drop_path) {
  MobileBuilder net({.padding = Padding::kExplicit,
                     .epsilon = 1e-5,
                     .squeeze_activation = Activation::kRelu,
                     .gate = Activation::kHardSigmoid});
  int x = net.graph.AddInput(3, input_size, input_size);
  x = net.Convolve(x, "conv_stem", "bn1", {.out_channels = 16, .kernel = 3, .stride = 2},
                   Activation::kHardSwish);
  int stage = 0, position = 0;
  for (size_t i = 0; i < std::size(kRows); ++i) {
    const Row& row = kRows[i];
    if (i > 0 && row.channels != kRows[i - 1].channels) {
      ++stage;
      position = 0;
    }
    const MobileBlock block = {
        .kernel = row.kernel,
        .stride = row.stride,
        .expanded = row.expanded,
        .squeezed = row.squeeze ? RoundChannels(0.25 * static_cast<double>(row.expanded)) : 0,
        .channels = row.channels,
        .activation = row.hard_swish ? Activation::kHardSwish : Activation::kRelu};
    const std::string name =
        "blocks." + std::to_string(stage) + "." + std::to_string(position++) + ".";
    // timm counts the 1 × 1 convolution behind the rows as one block more.
    x = net.Block(x, name, block,
                  drop_path * static_cast<double>(i) / static_cast<double>(std::size(kRows) + 1));
  }
  x = net.Convolve(x, "blocks.6.0.conv", "blocks.6.0.bn1", {.out_channels = 960},
                   Activation::kHardSwish);
  net.graph.SetOutput("features", x);
  // The last layer works on the pooled map.
  x = net.graph.AddNode(GlobalAveragePool{.keep_map = true}, {x});
  x = net.graph.AddNode(Conv2d{.out_channels = 1280, .bias = true}, {x}, "conv_head");
  x = net.graph.AddNode(Activation::kHardSwish, {x});
  x = net.graph.AddNode(GlobalAveragePool{}, {x});  // one pixel: {1280, 1, 1} → {1280}
  if (dropout > 0) x = net.graph.AddNode(Dropout{dropout}, {x});
  net.graph.SetOutput("embedding", x);
  return std::move(net.graph).Build();
}

}  // namespace unmask
