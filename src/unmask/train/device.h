#pragma once

#include <ATen/core/Tensor.h>

#include <string>

namespace unmask {

// What a run computes on: "cpu", "cuda" (the card of the process's place on its machine), "cuda:1",
// or "auto", which is a card where LibTorch has one. Throws UsageError for other names, Error where
// LibTorch has no such card.
at::Device FindDevice(const std::string& name, int local_rank);

// For people and reports: "cpu", or the model of the card as its driver names it.
std::string DeviceName(at::Device device);

// Forward and backward passes on `device` compute in bf16 while it lives, if `enabled`:
// convolutions and matrix products; the rest in float32.
class Bfloat16Passes {
 public:
  Bfloat16Passes(at::Device device, bool enabled);
  ~Bfloat16Passes();
  Bfloat16Passes(const Bfloat16Passes&) = delete;
  Bfloat16Passes& operator=(const Bfloat16Passes&) = delete;

 private:
  const at::Device device_;
  const bool enabled_;
};

// From now on LibTorch uses only algorithms that give the same result every time and throws where
// it has none. On the processor all of ours do so anyway.
void UseDeterministicAlgorithms(bool deterministic);

// Logs a warning where matrix products run in the reference BLAS, which is many times slower than
// OpenBLAS.
void WarnOfSlowReferenceBlas();

}  // namespace unmask
