#include "unmask/nn/network.h"

#include <ATen/ATen.h>
#include <ATen/core/grad_mode.h>

#include <cmath>
#include <utility>

#include "unmask/base/error.h"
#include "unmask/graph/operations.h"
#include "unmask/nn/fast_gradients.h"
#include "unmask/nn/joint_norm.h"

namespace unmask {
namespace {

using at::Tensor;

WeightTensor Initial(const Parameter& parameter, const Operation& operation, Random& random) {
  WeightTensor weight{parameter.shape, {}};
  int64_t count = 1;
  for (const int64_t d : parameter.shape) count *= d;
  weight.values.resize(static_cast<size_t>(count));
  double value = 0, deviation = 0;
  if (const auto* conv = std::get_if<Conv2d>(&operation); conv && parameter.shape.size() == 4) {
    const int64_t fan_out = conv->kernel * conv->kernel * conv->out_channels / conv->groups;
    deviation = std::sqrt(2.0 / static_cast<double>(fan_out));
  } else if (const auto* up = std::get_if<ConvTranspose2d>(&operation);
             up && parameter.shape.size() == 4) {
    const int64_t fan_out = up->kernel * up->kernel * up->out_channels;
    deviation = std::sqrt(2.0 / static_cast<double>(fan_out));
  } else if (std::holds_alternative<Linear>(operation) && parameter.shape.size() == 2) {
    deviation = 0.01;
  } else if (std::holds_alternative<BatchNorm>(operation)) {
    value = parameter.name.ends_with("weight") || parameter.name.ends_with("running_var");
  }
  for (float& v : weight.values) {
    v = static_cast<float>(deviation > 0 ? Normal(random, value, deviation) : value);
  }
  return weight;
}

// What an operation is given besides its inputs.
struct Context {
  const Node& node;
  const Shape& in_shape;
  const std::vector<Tensor>& inputs;
  const NamedTensors& parameters;
  const NamedTensors& buffers;
  bool training;
  JointBatch* joint;

  Tensor Parameter(const char* name) const { return parameters.at(node.name + "." + name); }
  Tensor Buffer(const char* name) const { return buffers.at(node.name + "." + name); }
};

// 1 / keep with probability `keep`, otherwise 0; {batch, …}. Drawn for the joint batch.
Tensor RandomMask(const Context& c, std::vector<int64_t> shape, double keep) {
  const Tensor& x = c.inputs[0];
  const int64_t own = shape[0];
  if (c.joint != nullptr) shape[0] *= c.joint->size();
  const Tensor all = at::empty(shape, x.options()).bernoulli_(keep).div_(keep);
  return c.joint == nullptr ? all : all.narrow(0, c.joint->rank() * own, own);
}

// The padding that LibTorch's operations take (equal on both sides); what is uneven is padded here.
std::pair<Tensor, int64_t> Padded(const Context& c, Padding padding, int64_t kernel, int64_t stride,
                                  int64_t pad, double value) {
  const Tensor& x = c.inputs[0];
  const PaddingAmount rows = PaddingFor(padding, c.in_shape[1], kernel, stride, pad);
  const PaddingAmount columns = PaddingFor(padding, c.in_shape[2], kernel, stride, pad);
  if (rows.before == rows.after && rows.before == columns.before &&
      columns.before == columns.after) {
    return {x, rows.before};
  }
  return {at::constant_pad_nd(x, {columns.before, columns.after, rows.before, rows.after}, value),
          0};
}

Tensor Run(const Input&, const Context&) { throw Error("an input is not an operation"); }
Tensor Convolve(const Conv2d& conv, const Context& c, const Tensor& filters,
                const c10::optional<Tensor>& bias) {
  const auto [x, pad] = Padded(c, conv.padding, conv.kernel, conv.stride, conv.pad, 0);
  const bool depthwise = conv.groups == conv.out_channels && conv.groups == x.size(1);
  if (depthwise && conv.kernel > 3 && c.training && x.is_cpu()) {
    const Tensor y = LargeDepthwiseConvolution(x, filters, conv.stride, pad);
    return bias ? y + bias->to(y.scalar_type()).view({-1, 1, 1}) : y;
  }
  const std::vector<int64_t> strides(2, conv.stride), pads(2, pad), dilations(2, 1);
  return at::conv2d(x, filters, bias, strides, at::IntArrayRef(pads), dilations, conv.groups);
}
Tensor Run(const Conv2d& conv, const Context& c) {
  return Convolve(conv, c, c.Parameter("weight"),
                  conv.bias ? c10::optional<Tensor>(c.Parameter("bias")) : c10::nullopt);
}
// The convolution and the norm behind it, whose statistics are fixed, in one.
Tensor RunWithNorm(const Conv2d& conv, const Context& c, const Context& norm, double epsilon) {
  const Tensor scale = norm.Parameter("weight") * (norm.Buffer("running_var") + epsilon).rsqrt();
  const Tensor shift = norm.Parameter("bias") - norm.Buffer("running_mean") * scale;
  return Convolve(conv, c, c.Parameter("weight") * scale.view({-1, 1, 1, 1}), shift);
}
Tensor Run(const ConvTranspose2d& conv, const Context& c) {
  // Autocast on the processor passes these by, whatever the type of the input.
  const Tensor& x = c.inputs[0];
  const auto parameter = [&](const char* name) { return c.Parameter(name).to(x.scalar_type()); };
  const c10::optional<Tensor> bias =
      conv.bias ? c10::optional<Tensor>(parameter("bias")) : c10::nullopt;
  const std::vector<int64_t> strides(2, conv.stride), pads(2, conv.pad);
  return at::conv_transpose2d(x, parameter("weight"), bias, strides, pads);
}
Tensor Run(const BatchNorm& norm, const Context& c) {
  if (c.training && c.joint != nullptr) {
    return JointBatchNorm(c.inputs[0], c.Parameter("weight"), c.Parameter("bias"),
                          c.Buffer("running_mean"), c.Buffer("running_var"), norm.momentum,
                          norm.epsilon, *c.joint);
  }
  return at::batch_norm(c.inputs[0], c.Parameter("weight"), c.Parameter("bias"),
                        c.Buffer("running_mean"), c.Buffer("running_var"), c.training,
                        norm.momentum, norm.epsilon, /*cudnn_enabled=*/false);
}
Tensor Run(const Activation& activation, const Context& c) {
  const Tensor& x = c.inputs[0];
  switch (activation) {
    case Activation::kRelu:
      return at::relu(x);
    case Activation::kRelu6:
      return Relu6(x);
    case Activation::kSilu:
      return at::silu(x);
    case Activation::kSigmoid:
      return at::sigmoid(x);
    case Activation::kHardSwish:
      return HardSwish(x);
    case Activation::kHardSigmoid:  // LibTorch 1.13 cannot differentiate its own in bf16
      return at::clamp(x + 3, 0, 6) / 6;
  }
  throw Error("unknown activation");
}
Tensor Run(const Pool2d& pool, const Context& c) {
  if (pool.maximum) {
    const auto [x, pad] = Padded(c, pool.padding, pool.kernel, pool.stride, pool.pad, -INFINITY);
    return at::max_pool2d(x, {pool.kernel, pool.kernel}, {pool.stride, pool.stride}, {pad, pad});
  }
  const auto average = [&](const Tensor& values) {
    const std::vector<Tensor> inputs = {values};
    const Context of{c.node, c.in_shape, inputs, c.parameters, c.buffers, c.training, c.joint};
    const auto [x, pad] = Padded(of, pool.padding, pool.kernel, pool.stride, pool.pad, 0);
    return at::avg_pool2d(x, {pool.kernel, pool.kernel}, {pool.stride, pool.stride}, {pad, pad});
  };
  const Tensor mean = average(c.inputs[0]);
  // TensorFlow's SAME does not count its padding.
  return pool.padding == Padding::kSame ? mean / average(at::ones_like(c.inputs[0])) : mean;
}
Tensor Run(const GlobalAveragePool& pool, const Context& c) {
  return c.inputs[0].mean({2, 3}, /*keepdim=*/pool.keep_map);
}
Tensor Run(const Upsample& upsample, const Context& c) {
  const std::vector<int64_t> size = {c.node.shape[1], c.node.shape[2]};
  return upsample.interpolation == Interpolation::kNearest
             ? at::upsample_nearest2d(c.inputs[0], size)
             : at::upsample_bilinear2d(c.inputs[0], size, /*align_corners=*/false);
}
Tensor Run(const PixelShuffle& shuffle, const Context& c) {
  return at::pixel_shuffle(c.inputs[0], shuffle.factor);
}
Tensor Run(const Add&, const Context& c) { return c.inputs[0] + c.inputs[1]; }
Tensor Run(const Concatenate&, const Context& c) { return at::cat(c.inputs, 1); }
Tensor Run(const Multiply&, const Context& c) {
  const bool broadcast = c.inputs[0].dim() == 4 && c.inputs[1].dim() == 2;
  return c.inputs[0] * (broadcast ? c.inputs[1].unsqueeze(2).unsqueeze(3) : c.inputs[1]);
}
Tensor Run(const Linear& linear, const Context& c) {
  Tensor weight = c.Parameter("weight");
  if (linear.normalize_weight) {
    weight = weight / weight.norm(2, {1}, /*keepdim=*/true).clamp_min(1e-12);
  }
  return at::linear(c.inputs[0], weight,
                    linear.bias ? c10::optional<Tensor>(c.Parameter("bias")) : c10::nullopt);
}
Tensor Run(const L2Normalize& normalize, const Context& c) {
  return c.inputs[0] / c.inputs[0].norm(2, {1}, /*keepdim=*/true).clamp_min(normalize.epsilon);
}
Tensor Run(const Scale& scale, const Context& c) { return c.inputs[0] * scale.factor; }
Tensor Run(const Dropout& dropout, const Context& c) {
  const Tensor& x = c.inputs[0];
  if (c.training && c.joint != nullptr && dropout.probability > 0) {
    return x * RandomMask(c, x.sizes().vec(), 1 - dropout.probability);
  }
  return at::dropout(x, dropout.probability, c.training);
}
Tensor Run(const DropPath& drop, const Context& c) {
  const Tensor& x = c.inputs[0];
  if (!c.training || drop.probability == 0) return x;
  std::vector<int64_t> shape(static_cast<size_t>(x.dim()), 1);
  shape[0] = x.size(0);
  return x * RandomMask(c, shape, 1 - drop.probability);
}

}  // namespace

Network::Network(Graph graph, const Weights& weights, Random& random)
    : graph_(std::move(graph)), frozen_(graph_.nodes.size(), false) {
  for (const Parameter& parameter : graph_.Parameters()) {
    const auto found = weights.find(parameter.name);
    const Operation& operation = graph_.nodes[parameter.node].operation;
    if (found != weights.end() && found->second.shape != parameter.shape) {
      throw Error("the weights of '" + parameter.name + "' have another shape than the network's",
                  "Choose the backbone that the weights were made for");
    }
    at::Tensor tensor =
        ToTensor(found != weights.end() ? found->second : Initial(parameter, operation, random));
    if (tensor.dim() == 4) tensor = tensor.contiguous(at::MemoryFormat::ChannelsLast);
    tensor.set_requires_grad(parameter.trainable);
    (parameter.trainable ? parameters_ : buffers_)[parameter.name] = tensor;
  }
}

void Network::Share(JointBatch& joint) { joint_ = joint.size() > 1 ? &joint : nullptr; }

void Network::MoveTo(at::Device device) {
  const at::NoGradGuard no_grad;
  for (NamedTensors* tensors : {&parameters_, &buffers_}) {
    for (auto& [name, tensor] : *tensors) {
      tensor = tensor.detach().to(device).set_requires_grad(tensor.requires_grad());
    }
  }
}

void Network::Freeze(const std::vector<std::string>& prefixes) {
  for (const std::string& prefix : prefixes) {
    bool fits = false;
    for (auto& [name, tensor] : parameters_) {
      if (!name.starts_with(prefix)) continue;
      tensor.set_requires_grad(false);
      fits = true;
    }
    if (!fits) {
      throw UsageError("no parameter's name begins with '" + prefix + "'",
                       "Give the beginning of a name such as " + parameters_.begin()->first);
    }
    for (size_t i = 0; i < graph_.nodes.size(); ++i) {
      const std::string& name = graph_.nodes[i].name;
      if (!name.empty() && (name + ".").starts_with(prefix)) frozen_[i] = true;
    }
  }
  for (size_t i = 0; i < graph_.nodes.size(); ++i) {  // it has no name, but belongs to its block
    const Node& node = graph_.nodes[i];
    if (std::holds_alternative<DropPath>(node.operation)) frozen_[i] = frozen_[node.inputs[0]];
  }
}

void Network::FixNormStatistics() {
  fixed_norms_ = true;
  std::map<int, int> users;
  for (const Node& node : graph_.nodes) {
    for (const int input : node.inputs) ++users[input];
  }
  for (const auto& [name, node] : graph_.outputs) ++users[node];
  for (size_t i = 0; i < graph_.nodes.size(); ++i) {
    if (!std::holds_alternative<BatchNorm>(graph_.nodes[i].operation)) continue;
    const int input = graph_.nodes[i].inputs[0];
    const auto* conv = std::get_if<Conv2d>(&graph_.nodes[input].operation);
    if (conv != nullptr && !conv->bias && users[input] == 1) {
      norm_behind_[static_cast<size_t>(input)] = i;
    }
  }
}

NamedTensors Network::Forward(const at::Tensor& images, bool training, const Observer& observe) {
  std::vector<at::Tensor> values;
  values.reserve(graph_.nodes.size());
  bool given = false;
  for (const Node& node : graph_.nodes) {
    if (std::holds_alternative<Input>(node.operation)) {
      if (std::exchange(given, true)) throw Error("a network has one input only");
      values.push_back(images.contiguous(at::MemoryFormat::ChannelsLast));
      continue;
    }
    std::vector<at::Tensor> inputs;
    for (const int input : node.inputs) inputs.push_back(values[input]);
    if (observe) observe(node, inputs[0]);
    const bool fixed = frozen_[values.size()] ||
                       (fixed_norms_ && std::holds_alternative<BatchNorm>(node.operation));
    const Context context{node,     graph_.nodes[node.inputs[0]].shape,
                          inputs,   parameters_,
                          buffers_, training && !fixed,
                          joint_};
    if (const auto norm = norm_behind_.find(values.size());
        training && norm != norm_behind_.end()) {
      const Node& behind = graph_.nodes[norm->second];
      const Context of_norm{behind, node.shape, inputs, parameters_, buffers_, false, joint_};
      values.push_back(RunWithNorm(std::get<Conv2d>(node.operation), context, of_norm,
                                   std::get<BatchNorm>(behind.operation).epsilon));
      continue;
    }
    if (training && std::holds_alternative<BatchNorm>(node.operation) &&
        norm_behind_.contains(static_cast<size_t>(node.inputs[0]))) {
      values.push_back(inputs[0]);  // the convolution has done it
      continue;
    }
    values.push_back(
        std::visit([&](const auto& kind) { return Run(kind, context); }, node.operation));
  }
  NamedTensors outputs;
  for (const auto& [name, node] : graph_.outputs) outputs[name] = values[node];
  return outputs;
}

Weights Network::ToWeights() const {
  Weights weights;
  for (const auto& [name, tensor] : parameters_) weights[name] = ToWeight(tensor);
  for (const auto& [name, tensor] : buffers_) weights[name] = ToWeight(tensor);
  return weights;
}

at::Tensor ToTensor(const WeightTensor& weight) {
  at::Tensor tensor = at::empty(weight.shape, at::kFloat);
  std::copy(weight.values.begin(), weight.values.end(), tensor.data_ptr<float>());
  return tensor;
}

WeightTensor ToWeight(const at::Tensor& tensor) {
  const at::Tensor plain = tensor.detach().to(at::kCPU, at::kFloat).contiguous();
  const float* data = plain.data_ptr<float>();
  return {plain.sizes().vec(), {data, data + plain.numel()}};
}

}  // namespace unmask
