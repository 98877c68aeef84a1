#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "unmask/graph/graph.h"

namespace unmask {

// Small convolutional autoencoders of faces. What they are for is not compression but the traces
// that a decoder leaves: generators of pictures grow small maps into large ones in a few ways, and
// each marks the spectrum of what it makes (Odena et al., Distill 2016; Durall et al., CVPR 2020).

// A row of the table of decoders: how a map becomes twice as large.
struct DecoderKind {
  std::string_view name;     // "nearest"
  std::string_view summary;  // one line for --help
  // Adds what doubles the map `x` and gives it `channels`, its parameters named after `name`.
  int (*grow)(GraphBuilder& graph, int x, int64_t channels, const std::string& name);
};

// The only list of decoders.
std::span<const DecoderKind> Decoders();

// Throws UsageError suggesting the nearest name.
const DecoderKind& FindDecoder(std::string_view name);

// Side of the pictures in pixels, that of most classifiers' inputs. One size is enough: shapes are
// fixed in a graph, faces are resampled to it anyway, and a network of known shape runs faster.
inline constexpr int64_t kAutoencoderSize = 224;

// The output that tells an autoencoder's file from a classifier's.
inline constexpr char kReconstruction[] = "reconstruction";

// {3, size, size}, RGB 0 … 1 → output kReconstruction of the same shape and range. Between them
// lies "latent" {16, size / 8, size / 8}, a 12th of the values: as in latent diffusion (Rombach et
// al., CVPR 2022) fine detail is lost and made up again. Fully convolutional, no norms, 0.6 to 0.8
// million parameters. `size`: a multiple of 8; throws Error otherwise.
Graph BuildAutoencoder(const DecoderKind& decoder, int64_t size = kAutoencoderSize);

}  // namespace unmask
