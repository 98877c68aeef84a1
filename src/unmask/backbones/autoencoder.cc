#include "unmask/backbones/autoencoder.h"

#include <utility>
#include <vector>

#include "unmask/base/error.h"
#include "unmask/base/text.h"

namespace unmask {
namespace {

constexpr int64_t kLatentChannels = 16;

int Convolve(GraphBuilder& graph, int x, int64_t channels, const std::string& name,
             int64_t stride = 1) {
  return graph.AddNode(
      Conv2d{.out_channels = channels, .kernel = 3, .stride = stride, .pad = 1, .bias = true}, {x},
      name);
}

int Activate(GraphBuilder& graph, int x) { return graph.AddNode(Activation::kSilu, {x}); }

// With activations in front (He et al., ECCV 2016).
int Residual(GraphBuilder& graph, int input, const std::string& name) {
  const int64_t channels = graph.shape(input)[0];
  int x = Convolve(graph, Activate(graph, input), channels, name + ".conv1");
  x = Convolve(graph, Activate(graph, x), channels, name + ".conv2");
  return graph.AddNode(Add{}, {input, x});
}

int GrowNearest(GraphBuilder& graph, int x, int64_t channels, const std::string& name) {
  return Convolve(graph, graph.AddNode(Upsample{}, {x}), channels, name);
}

int GrowBilinear(GraphBuilder& graph, int x, int64_t channels, const std::string& name) {
  const int larger = graph.AddNode(Upsample{.interpolation = Interpolation::kBilinear}, {x});
  return Convolve(graph, larger, channels, name);
}

int GrowTransposed(GraphBuilder& graph, int x, int64_t channels, const std::string& name) {
  return graph.AddNode(ConvTranspose2d{.out_channels = channels, .bias = true}, {x}, name);
}

int GrowShuffled(GraphBuilder& graph, int x, int64_t channels, const std::string& name) {
  return graph.AddNode(PixelShuffle{}, {Convolve(graph, x, 4 * channels, name)});
}

constexpr DecoderKind kDecoders[] = {
    {"nearest", "pixels repeated, then a convolution, as in latent diffusion", GrowNearest},
    {"transposed", "transposed convolutions of 4 × 4 pixels, stride 2, as in pix2pix",
     GrowTransposed},
    {"shuffle", "channels rearranged as pixels, as in faceswap and super-resolution", GrowShuffled},
    {"bilinear", "bilinear interpolation, then a convolution, as in StyleGAN", GrowBilinear},
};

}  // namespace

std::span<const DecoderKind> Decoders() { return kDecoders; }

const DecoderKind& FindDecoder(std::string_view name) {
  std::vector<std::string> known;
  for (const DecoderKind& kind : kDecoders) {
    if (kind.name == name) return kind;
    known.emplace_back(kind.name);
  }
  ThrowUnknownName("decoder", name, known);
}

Graph BuildAutoencoder(const DecoderKind& decoder, int64_t size) {
  if (size < 8 || size % 8 != 0) {
    throw Error("an autoencoder takes pictures whose side is a multiple of 8 pixels, not " +
                std::to_string(size));
  }
  GraphBuilder graph;
  int x = Convolve(graph, graph.AddInput(3, size, size), 24, "encoder.down1", 2);
  x = Convolve(graph, Activate(graph, x), 48, "encoder.down2", 2);
  x = Convolve(graph, Activate(graph, x), 96, "encoder.down3", 2);
  x = Activate(graph, Residual(graph, x, "encoder.block"));
  x = Convolve(graph, x, kLatentChannels, "encoder.latent");
  graph.SetOutput("latent", x);
  x = Convolve(graph, x, 96, "decoder.latent");
  x = Residual(graph, x, "decoder.block1");
  x = Residual(graph, x, "decoder.block2");
  x = decoder.grow(graph, Activate(graph, x), 48, "decoder.up1");
  x = decoder.grow(graph, Activate(graph, x), 24, "decoder.up2");
  x = decoder.grow(graph, Activate(graph, x), 12, "decoder.up3");
  x = Convolve(graph, Activate(graph, x), 3, "decoder.out");
  graph.SetOutput(kReconstruction, graph.AddNode(Activation::kSigmoid, {x}));
  return std::move(graph).Build();
}

}  // namespace unmask
