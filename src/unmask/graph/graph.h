#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <utility>
#include <variant>
#include <vector>

namespace unmask {

// The description of a network: a list of nodes in the order of evaluation. Two emitters turn it
// into a LibTorch module (nn) and into ONNX (model). Batch is left out of every shape here: a
// feature map is {channels, height, width}, a vector {size}.

using Shape = std::vector<int64_t>;

enum class Padding {
  kExplicit,  // `pad` rows and columns on each side, as PyTorch does
  kSame,  // TensorFlow's SAME: output ⌈input / stride⌉, an odd pixel of padding goes right/below
};

struct Conv2d {
  int64_t out_channels = 0;
  int64_t kernel = 1;
  int64_t stride = 1;
  int64_t pad = 0;
  int64_t groups = 1;
  bool bias = false;
  Padding padding = Padding::kExplicit;
};
// A learnt filter painted at every pixel, `stride` pixels apart, overlaps added, as PyTorch does:
// {C, H, W} → {out_channels, (H − 1) · stride − 2 · pad + kernel, …}.
struct ConvTranspose2d {
  int64_t out_channels = 0;
  int64_t kernel = 4;
  int64_t stride = 2;
  int64_t pad = 1;  // pixels cut off on each side
  bool bias = false;
};
struct BatchNorm {
  double epsilon = 1e-5;
  double momentum = 0.1;  // of the running statistics in training, PyTorch's convention
};
enum class Activation { kRelu, kRelu6, kSilu, kSigmoid, kHardSwish, kHardSigmoid };
struct Pool2d {
  bool maximum = true;  // otherwise the average
  int64_t kernel = 2;
  int64_t stride = 2;
  int64_t pad = 0;
  Padding padding = Padding::kExplicit;
};
struct GlobalAveragePool {
  // {C, H, W} → {C}, or {C, 1, 1}, which 1 × 1 convolutions take (squeeze-and-excitation).
  bool keep_map = false;
};
enum class Interpolation { kNearest, kBilinear };
// {C, H, W} → {C, H · factor, W · factor}. Bilinear takes pixel centres at (x + 0.5, y + 0.5) and
// repeats the border beyond them; nearest repeats every pixel.
struct Upsample {
  int64_t factor = 2;
  Interpolation interpolation = Interpolation::kNearest;
};
// {C · factor², H, W} → {C, H · factor, W · factor}: channel (c · factor + i) · factor + j becomes
// the pixels (factor · y + i, factor · x + j) of channel c (Shi et al., CVPR 2016).
struct PixelShuffle {
  int64_t factor = 2;
};
struct Add {};          // two inputs of one shape
struct Concatenate {};  // maps of one height and width, or vectors: {C₁ + C₂ + …, H, W}
struct Multiply {};     // {C, H, W} × {C, H, W}, or × {C} or {C, 1, 1} broadcast over the map
struct Linear {
  int64_t out_features = 0;
  bool bias = true;
  // Rows of the weight are scaled to length 1 before use (cosine heads).
  bool normalize_weight = false;
};
struct L2Normalize {
  double epsilon = 1e-12;  // x / max(‖x‖, ε), as torch.nn.functional.normalize
};
struct Scale {
  double factor = 1.0;
};
// Training only; the ONNX emitter drops them.
struct Dropout {
  double probability = 0.0;
};
struct DropPath {  // stochastic depth: the whole branch, per sample
  double probability = 0.0;
};
struct Input {};

using Operation = std::variant<Input, Conv2d, ConvTranspose2d, BatchNorm, Activation, Pool2d,
                               GlobalAveragePool, Upsample, PixelShuffle, Add, Concatenate,
                               Multiply, Linear, L2Normalize, Scale, Dropout, DropPath>;

struct Node {
  Operation operation;
  std::string name;         // prefix of the parameters' names; may be empty without parameters
  std::vector<int> inputs;  // indices of earlier nodes
  Shape shape;              // of the output, without the batch
};

struct Parameter {
  std::string name;  // as in timm's state dict: "blocks.0.0.conv_dw.weight"
  Shape shape;
  bool trainable = true;  // false for running statistics
  int node = 0;           // the node it belongs to
};

struct Graph {
  std::vector<Node> nodes;
  std::map<std::string, int> outputs;  // "features", "embedding", "logits" → node

  const Node& output(const std::string& name) const;  // throws Error when absent

  // Every parameter, node by node: weight, bias, running_mean, running_var.
  std::vector<Parameter> Parameters() const;
};

// Builds a graph; every method returns the index of the node it added and checks shapes at once.
// Throws Error naming the node when they do not fit.
class GraphBuilder {
 public:
  int AddInput(int64_t channels, int64_t height, int64_t width);
  int AddNode(Operation operation, std::vector<int> inputs, std::string name = "");
  void SetOutput(const std::string& name, int node);

  // Continues a graph that is already built, e.g. to put a head on a backbone.
  GraphBuilder() = default;
  explicit GraphBuilder(Graph graph) : graph_(std::move(graph)) {}

  const Shape& shape(int node) const { return graph_.nodes.at(node).shape; }
  Graph Build() &&;

 private:
  Graph graph_;
};

}  // namespace unmask
