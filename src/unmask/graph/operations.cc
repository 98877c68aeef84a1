#include "unmask/graph/operations.h"

#include <algorithm>

#include "unmask/base/error.h"

namespace unmask {
namespace {

std::string TextOf(const Shape& shape) {
  std::string text;
  for (const int64_t d : shape) text += (text.empty() ? "" : "×") + std::to_string(d);
  return "[" + text + "]";
}

[[noreturn]] void Misfit(const std::string& why) { throw Error(why); }

void Require(bool condition, const std::string& rule) {
  if (!condition) Misfit(rule);
}

const Shape& Only(const std::vector<Shape>& inputs) {
  Require(inputs.size() == 1, "takes one input, has " + std::to_string(inputs.size()));
  return inputs[0];
}

const Shape& OnlyMap(const std::vector<Shape>& inputs) {
  const Shape& shape = Only(inputs);
  Require(shape.size() == 3, "takes a feature map, has " + TextOf(shape));
  return shape;
}

const Shape& OnlyVector(const std::vector<Shape>& inputs) {
  const Shape& shape = Only(inputs);
  Require(shape.size() == 1, "takes a vector, has " + TextOf(shape));
  return shape;
}

void RequireProbability(double probability) {
  Require(probability >= 0 && probability < 1, "a probability must lie in [0, 1)");
}

int64_t WindowsIn(Padding padding, int64_t size, int64_t kernel, int64_t stride, int64_t pad) {
  Require(kernel >= 1 && stride >= 1 && pad >= 0, "kernel and stride must be ≥ 1, padding ≥ 0");
  const PaddingAmount amount = PaddingFor(padding, size, kernel, stride, pad);
  const int64_t padded = size + amount.before + amount.after;
  Require(padded >= kernel, "a map of " + std::to_string(size) + " pixels is smaller than the " +
                                std::to_string(kernel) + "-pixel window");
  return (padded - kernel) / stride + 1;
}

Shape ShapeAfter(const Input&, const std::vector<Shape>&) {
  Misfit("an input is added with AddInput()");
}
Shape ShapeAfter(const Conv2d& conv, const std::vector<Shape>& inputs) {
  const Shape& in = OnlyMap(inputs);
  Require(conv.out_channels >= 1 && conv.groups >= 1, "channels and groups must be ≥ 1");
  Require(in[0] % conv.groups == 0 && conv.out_channels % conv.groups == 0,
          "channels must be a multiple of the groups");
  const auto size = [&](int64_t n) {
    return WindowsIn(conv.padding, n, conv.kernel, conv.stride, conv.pad);
  };
  return {conv.out_channels, size(in[1]), size(in[2])};
}
Shape ShapeAfter(const ConvTranspose2d& conv, const std::vector<Shape>& inputs) {
  const Shape& in = OnlyMap(inputs);
  Require(conv.out_channels >= 1 && conv.kernel >= 1 && conv.stride >= 1 && conv.pad >= 0,
          "channels, kernel and stride must be ≥ 1, padding ≥ 0");
  const auto size = [&](int64_t n) { return (n - 1) * conv.stride - 2 * conv.pad + conv.kernel; };
  Require(size(in[1]) >= 1 && size(in[2]) >= 1, "the padding cuts all pixels off");
  return {conv.out_channels, size(in[1]), size(in[2])};
}
Shape ShapeAfter(const BatchNorm&, const std::vector<Shape>& inputs) { return Only(inputs); }
Shape ShapeAfter(const Activation&, const std::vector<Shape>& inputs) { return Only(inputs); }
Shape ShapeAfter(const Pool2d& pool, const std::vector<Shape>& inputs) {
  const Shape& in = OnlyMap(inputs);
  const auto size = [&](int64_t n) {
    return WindowsIn(pool.padding, n, pool.kernel, pool.stride, pool.pad);
  };
  return {in[0], size(in[1]), size(in[2])};
}
Shape ShapeAfter(const GlobalAveragePool& pool, const std::vector<Shape>& inputs) {
  const int64_t channels = OnlyMap(inputs)[0];
  return pool.keep_map ? Shape{channels, 1, 1} : Shape{channels};
}
Shape ShapeAfter(const Upsample& upsample, const std::vector<Shape>& inputs) {
  const Shape& in = OnlyMap(inputs);
  Require(upsample.factor >= 1, "the factor must be ≥ 1");
  return {in[0], in[1] * upsample.factor, in[2] * upsample.factor};
}
Shape ShapeAfter(const PixelShuffle& shuffle, const std::vector<Shape>& inputs) {
  const Shape& in = OnlyMap(inputs);
  const int64_t factor = shuffle.factor;
  Require(factor >= 1, "the factor must be ≥ 1");
  Require(in[0] % (factor * factor) == 0, "channels must be a multiple of the factor's square");
  return {in[0] / (factor * factor), in[1] * factor, in[2] * factor};
}
Shape ShapeAfter(const Add&, const std::vector<Shape>& inputs) {
  Require(inputs.size() == 2 && inputs[0] == inputs[1], "adds two inputs of one shape");
  return inputs[0];
}
Shape ShapeAfter(const Concatenate&, const std::vector<Shape>& inputs) {
  Require(inputs.size() >= 2, "puts two inputs together at least");
  Shape shape = inputs[0];
  for (size_t i = 1; i < inputs.size(); ++i) {
    const bool fits = inputs[i].size() == shape.size() &&
                      std::equal(shape.begin() + 1, shape.end(), inputs[i].begin() + 1);
    Require(fits, "cannot put " + TextOf(inputs[0]) + " and " + TextOf(inputs[i]) + " together");
    shape[0] += inputs[i][0];
  }
  return shape;
}
Shape ShapeAfter(const Multiply&, const std::vector<Shape>& inputs) {
  Require(inputs.size() == 2, "multiplies two inputs");
  const bool broadcast = inputs[0].size() == 3 && (inputs[1] == Shape{inputs[0][0]} ||
                                                   inputs[1] == Shape{inputs[0][0], 1, 1});
  Require(inputs[0] == inputs[1] || broadcast,
          "cannot multiply " + TextOf(inputs[0]) + " by " + TextOf(inputs[1]));
  return inputs[0];
}
Shape ShapeAfter(const Linear& linear, const std::vector<Shape>& inputs) {
  OnlyVector(inputs);
  Require(linear.out_features >= 1, "features must be ≥ 1");
  return {linear.out_features};
}
Shape ShapeAfter(const L2Normalize&, const std::vector<Shape>& inputs) {
  return OnlyVector(inputs);
}
Shape ShapeAfter(const Scale&, const std::vector<Shape>& inputs) { return Only(inputs); }
Shape ShapeAfter(const Dropout& dropout, const std::vector<Shape>& inputs) {
  RequireProbability(dropout.probability);
  return Only(inputs);
}
Shape ShapeAfter(const DropPath& drop, const std::vector<Shape>& inputs) {
  RequireProbability(drop.probability);
  return Only(inputs);
}

template <typename Kind>
std::vector<Parameter> Names(const Kind&, const Shape&) {
  return {};
}
std::vector<Parameter> Names(const Conv2d& conv, const Shape& in) {
  std::vector<Parameter> names = {
      {"weight", {conv.out_channels, in[0] / conv.groups, conv.kernel, conv.kernel}}};
  if (conv.bias) names.push_back({"bias", {conv.out_channels}});
  return names;
}
std::vector<Parameter> Names(const ConvTranspose2d& conv, const Shape& in) {
  std::vector<Parameter> names = {{"weight", {in[0], conv.out_channels, conv.kernel, conv.kernel}}};
  if (conv.bias) names.push_back({"bias", {conv.out_channels}});
  return names;
}
std::vector<Parameter> Names(const BatchNorm&, const Shape& in) {
  const Shape channels = {in[0]};
  return {{"weight", channels},
          {"bias", channels},
          {"running_mean", channels, false},
          {"running_var", channels, false}};
}
std::vector<Parameter> Names(const Linear& linear, const Shape& in) {
  std::vector<Parameter> names = {{"weight", {linear.out_features, in[0]}}};
  if (linear.bias) names.push_back({"bias", {linear.out_features}});
  return names;
}

}  // namespace

const char* KindOf(const Operation& operation) {
  static constexpr const char* kKinds[] = {"input",       "convolution", "transposed convolution",
                                           "batch norm",  "activation",  "pool",
                                           "global pool", "upsample",    "pixel shuffle",
                                           "add",         "concatenate", "multiply",
                                           "linear",      "normalize",   "scale",
                                           "dropout",     "drop path"};
  static_assert(std::size(kKinds) == std::variant_size_v<Operation>);
  return kKinds[operation.index()];
}

Shape OutputShape(const Operation& operation, const std::vector<Shape>& inputs) {
  return std::visit([&](const auto& kind) { return ShapeAfter(kind, inputs); }, operation);
}

std::vector<Parameter> ParametersOf(const Operation& operation, const Shape& input) {
  return std::visit([&](const auto& kind) { return Names(kind, input); }, operation);
}

PaddingAmount PaddingFor(Padding padding, int64_t size, int64_t kernel, int64_t stride,
                         int64_t pad) {
  if (padding == Padding::kExplicit) return {pad, pad};
  const int64_t windows = (size + stride - 1) / stride;
  const int64_t total = std::max<int64_t>(0, (windows - 1) * stride + kernel - size);
  return {total / 2, total - total / 2};
}

}  // namespace unmask
