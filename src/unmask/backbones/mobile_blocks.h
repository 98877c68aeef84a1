#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "unmask/graph/graph.h"

namespace unmask {

// What EfficientNet and MobileNetV3 are made of, with timm's parameter names.

// The habits of one network.
struct MobileStyle {
  Padding padding = Padding::kSame;  // kExplicit: ⌊kernel / 2⌋ on each side
  double epsilon = 1e-3;             // of the batch norms
  Activation squeeze_activation = Activation::kSilu;
  Activation gate = Activation::kSigmoid;  // of squeeze-and-excitation
};

struct MobileBlock {
  int64_t kernel = 3;
  int64_t stride = 1;
  int64_t expanded = 0;  // channels of the depthwise convolution; 0: not expanded
  int64_t squeezed = 0;  // channels of squeeze-and-excitation; 0: without it
  int64_t channels = 0;  // that come out
  Activation activation = Activation::kRelu;
};

// A multiple of 8 near `channels`, at least 8 and never below nine tenths of it.
int64_t RoundChannels(double channels);

class MobileBuilder {
 public:
  explicit MobileBuilder(const MobileStyle& style) : style_(style) {}

  // Convolution and batch norm, padded in the style's way; `operation` needs no padding of its own.
  int Convolve(int x, const std::string& conv, const std::string& norm, Conv2d operation,
               std::optional<Activation> activation);

  // An inverted residual (Sandler et al., MobileNetV2, CVPR 2018), without expansion a depthwise
  // separable convolution. The input is added where shapes allow it, after stochastic depth.
  int Block(int input, const std::string& name, const MobileBlock& block, double drop_path);

  GraphBuilder graph;

 private:
  // Hu et al., Squeeze-and-Excitation Networks, CVPR 2018.
  int SqueezeExcite(int x, const std::string& name, int64_t squeezed);

  MobileStyle style_;
};

}  // namespace unmask
