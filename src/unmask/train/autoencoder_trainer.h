#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <filesystem>
#include <functional>
#include <string>
#include <vector>

#include "unmask/backbones/autoencoder.h"
#include "unmask/base/cancel.h"

namespace unmask {

struct AutoencoderOptions {
  std::vector<std::filesystem::path> stores;  // folders that `prepare` wrote
  std::filesystem::path output;               // the ONNX file
  std::string decoder = "nearest";            // a row of the table of decoders
  int64_t input_size = kAutoencoderSize;      // pixels; a multiple of 8

  int64_t steps = 20000;
  int64_t batch = 16;           // faces
  double learning_rate = 2e-3;  // of AdamW, at its highest; it falls by half a cosine
  double augmentation = 0.3;    // share of the standard probability of every degradation, 0 … 1
  int64_t validation_faces = 500;  // real faces of the split "val", at most
  uint64_t seed = 1;
  int threads = 0;              // of LibTorch; 0: one per core
  int workers = 0;              // that make batches; 0: one per core
  bool bfloat16 = true;         // where the CPU has it: forward and backward passes
  std::string device = "auto";  // see FindDevice()

  // For the file's metadata.
  std::string training_data;
  std::string licence;

  // Throws UsageError naming the value and the violated rule.
  void Validate() const;
};

struct AutoencoderProgress {
  int64_t step = 0;  // done
  int64_t steps = 0;
  // Of the last 50 steps or fewer:
  double loss = 0;
  double psnr = 0;  // of the training batches, decibels
  double images_per_second = 0;
};

struct AutoencoderResult {
  std::filesystem::path model;
  int64_t steps = 0;
  int64_t validation_faces = 0;
  // Mean over undegraded real faces of the split "val" of 10 log₁₀(1 / mean squared error),
  // decibels, values in 0 … 1.
  double psnr = 0;
};

// Trains an autoencoder on the real faces of the stores' split "train", degraded a little, and
// writes it with its recipe and its PSNR, whole or not at all. Throws Error before time is spent
// when options or stores do not fit, when the file cannot be written, and when the loss is not
// finite; Cancelled leaves nothing.
AutoencoderResult TrainAutoencoder(
    const AutoencoderOptions& options, const CancelToken* cancel = nullptr,
    const std::function<void(const AutoencoderProgress&)>& progress = nullptr);

// Mean |e| over all values + mean |∂e/∂x| + mean |∂e/∂y|, with e = reconstruction − images, both
// {batch, 3, H, W}, and the derivatives as differences of neighbours. The first term alone is
// content with a blurred edge; the others see that one as the large error that it is to the eye.
at::Tensor ReconstructionLoss(const at::Tensor& reconstruction, const at::Tensor& images);

// 10 log₁₀(1 / mean squared error) of each picture, decibels: {batch}.
at::Tensor Psnr(const at::Tensor& reconstruction, const at::Tensor& images);

}  // namespace unmask
