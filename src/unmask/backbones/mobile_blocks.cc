#include "unmask/backbones/mobile_blocks.h"

#include <algorithm>

namespace unmask {

int64_t RoundChannels(double channels) {
  const int64_t rounded = std::max<int64_t>(8, static_cast<int64_t>(channels + 4) / 8 * 8);
  return static_cast<double>(rounded) < 0.9 * channels ? rounded + 8 : rounded;
}

int MobileBuilder::Convolve(int x, const std::string& conv, const std::string& norm,
                            Conv2d operation, std::optional<Activation> activation) {
  operation.padding = style_.padding;
  operation.pad = operation.kernel / 2;
  x = graph.AddNode(operation, {x}, conv);
  x = graph.AddNode(BatchNorm{.epsilon = style_.epsilon}, {x}, norm);
  return activation ? graph.AddNode(*activation, {x}) : x;
}

int MobileBuilder::SqueezeExcite(int x, const std::string& name, int64_t squeezed) {
  const int64_t channels = graph.shape(x)[0];
  int gate = graph.AddNode(GlobalAveragePool{.keep_map = true}, {x});
  gate = graph.AddNode(Conv2d{.out_channels = squeezed, .bias = true}, {gate},
                       name + "se.conv_reduce");
  gate = graph.AddNode(style_.squeeze_activation, {gate});
  gate = graph.AddNode(Conv2d{.out_channels = channels, .bias = true}, {gate},
                       name + "se.conv_expand");
  return graph.AddNode(Multiply{}, {x, graph.AddNode(style_.gate, {gate})});
}

int MobileBuilder::Block(int input, const std::string& name, const MobileBlock& block,
                         double drop_path) {
  const bool expand = block.expanded > 0;
  int x = input;
  if (expand) {
    x = Convolve(x, name + "conv_pw", name + "bn1", {.out_channels = block.expanded},
                 block.activation);
  }
  const int64_t channels = graph.shape(x)[0];
  const Conv2d depthwise = {
      .out_channels = channels, .kernel = block.kernel, .stride = block.stride, .groups = channels};
  x = Convolve(x, name + "conv_dw", name + (expand ? "bn2" : "bn1"), depthwise, block.activation);
  if (block.squeezed > 0) x = SqueezeExcite(x, name, block.squeezed);
  x = Convolve(x, name + (expand ? "conv_pwl" : "conv_pw"), name + (expand ? "bn3" : "bn2"),
               {.out_channels = block.channels}, std::nullopt);
  if (block.stride != 1 || graph.shape(input)[0] != block.channels) return x;
  if (drop_path > 0) x = graph.AddNode(DropPath{drop_path}, {x});
  return graph.AddNode(Add{}, {x, input});
}

}  // namespace unmask
