#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <span>
#include <string>
#include <vector>

namespace unmask {

enum class Precision {
  kAuto,   // bf16 where the CPU has it, else fp32
  kFloat,  // fp32
  kBfloat16,
};

struct SessionOptions {
  int threads = 0;  // 0: one per core
  Precision precision = Precision::kFloat;
  // Images are given in batches of this size; 0 leaves the batch dynamic.
  int64_t batch = 0;
  bool use_cache = true;  // keep the compiled model in CacheFolder()
};

struct TensorInfo {
  std::string name;
  std::vector<int64_t> shape;  // -1 where dynamic
};

// A view of one output of Run(): valid until the next Run() of the same session.
struct TensorView {
  std::string name;
  std::vector<int64_t> shape;
  std::span<const float> values;
};

// A network on OpenVINO: ONNX or TFLite, float inputs and outputs. One thread at a time.
class Session {
 public:
  // Throws Error naming the file: missing, not a network, unsupported operation.
  explicit Session(const std::filesystem::path& path, const SessionOptions& options = {});
  ~Session();
  Session(Session&&) noexcept;
  Session& operator=(Session&&) noexcept;

  const std::vector<TensorInfo>& inputs() const;
  const std::vector<TensorInfo>& outputs() const;

  // Runs the single input `values` of `shape`. Throws Error when the shape does not fit.
  const std::vector<TensorView>& Run(std::span<const float> values,
                                     const std::vector<int64_t>& shape);

  // The output of the last Run() called `name`. Throws Error when there is none.
  const TensorView& output(const std::string& name) const;

  // The precision the CPU really uses.
  Precision precision() const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

// The CPU computes bf16 natively.
bool CpuHasBfloat16();

}  // namespace unmask
