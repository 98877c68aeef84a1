#include "unmask/train/autoencoder_trainer.h"

#include <ATen/ATen.h>
#include <ATen/Parallel.h>
#include <c10/util/Exception.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <deque>
#include <nlohmann/json.hpp>
#include <span>
#include <thread>
#include <utility>

#include "unmask/base/atomic_file.h"
#include "unmask/base/config.h"
#include "unmask/base/error.h"
#include "unmask/base/prefetcher.h"
#include "unmask/base/random.h"
#include "unmask/infer/session.h"
#include "unmask/model/model_file.h"
#include "unmask/nn/images.h"
#include "unmask/nn/network.h"
#include "unmask/sampling/pair_source.h"
#include "unmask/train/device.h"
#include "unmask/train/optimizer.h"
#include "unmask/train/schedule.h"

namespace unmask {
namespace {

using Images = std::vector<Image>;

constexpr size_t kReported = 50;  // steps that a report is the mean of
constexpr double kWarmUp = 0.02;  // share of the steps
constexpr double kWeightDecay = 0.01;
constexpr double kGradientClip = 1.0;
// Width of the pictures in relation to the face, as those that it is used on: from the tight crops
// of classifiers to the wide ones of stores.
constexpr double kCropScale = 1.5, kZoom = 1.15;

// Values as a network that ends in a sigmoid gives them.
at::Tensor ToValues(const Images& images) { return ToTensor(images, {0, 0, 0}, {1, 1, 1}); }

// Real faces alone: those of the stores that a forgery would be made of. None is made.
PairSource MakeSource(const std::vector<std::shared_ptr<const CropStore>>& stores,
                      const AutoencoderOptions& options, const char* split) {
  PairSource::Options source{
      .split = split,
      .forgery = "self-blend",
      .augment = {.output_size = static_cast<int>(options.input_size), .output_scale = kCropScale},
      .seed = DeriveSeed(options.seed, split)};
  DegradationLevels& levels = source.augment.levels;
  for (int i = 0; i < kDegradations; ++i) {
    const auto which = static_cast<Degradation>(i);
    if (which > Degradation::kShift) levels[which].probability *= options.augmentation;
  }
  levels[Degradation::kZoom] = {1, 1 / kZoom, kZoom};
  levels[Degradation::kCutOut].probability = 0;  // no generator is asked for that
  return {stores, source};
}

class AutoencoderTrainer {
 public:
  explicit AutoencoderTrainer(const AutoencoderOptions& options)
      : options_(options),
        stores_(OpenStores(options.stores)),
        training_(MakeSource(stores_, options, "train")),
        held_out_(MakeSource(stores_, options, "val")),
        device_(FindDevice(options.device, 0)),
        bfloat16_(options.bfloat16 && (device_.is_cuda() || CpuHasBfloat16())),
        random_(DeriveSeed(options.seed, "weights")),
        network_(BuildAutoencoder(FindDecoder(options.decoder), options.input_size), {}, random_) {
    network_.MoveTo(device_);
  }

  AutoencoderResult Run(const CancelToken* cancel,
                        const std::function<void(const AutoencoderProgress&)>& progress) {
    std::vector<TrainedTensor> tensors;
    for (const auto& [name, tensor] : network_.parameters()) tensors.push_back({tensor});
    Optimizer optimizer(tensors, {.weight_decay = kWeightDecay});
    const Schedule schedule(
        {.steps = options_.steps, .highest = options_.learning_rate, .warm_up = kWarmUp});
    Prefetcher<Images> batches([this](int64_t number) { return MakeBatch(number); }, 0,
                               OrCores(options_.workers));
    for (int64_t step = 0; step < options_.steps; ++step) {
      if (cancel != nullptr) cancel->Check();
      const auto start = std::chrono::steady_clock::now();
      Step done = Move(optimizer, ToValues(batches.Next()).to(device_), schedule.RateAt(step));
      const std::chrono::duration<double> seconds = std::chrono::steady_clock::now() - start;
      done.seconds = seconds.count();
      if (!std::isfinite(done.loss)) {
        throw Error("the loss is not finite at step " + std::to_string(step + 1),
                    "Lower --learning-rate, or try --precision fp32");
      }
      steps_.push_back(done);
      if (steps_.size() > kReported) steps_.pop_front();
      if (progress) progress(Report(step + 1));
    }
    return Finish(cancel);
  }

  static int OrCores(int given) {
    return given > 0 ? given : static_cast<int>(std::max(1u, std::thread::hardware_concurrency()));
  }

 private:
  struct Step {
    double loss = 0, psnr = 0, seconds = 0;
  };

  Images MakeBatch(int64_t number) const {
    Images batch;
    for (int64_t i = 0; i < options_.batch; ++i) {
      const int64_t index = number * options_.batch + i;
      Random random(DeriveSeed(options_.seed, "face", static_cast<uint64_t>(index)));
      const Image crop = training_.StoredCrop(index);
      batch.push_back(
          std::move(AugmentTogether(std::span(&crop, 1), training_.augment(), random)[0]));
    }
    return batch;
  }

  at::Tensor Reconstruct(const at::Tensor& images) {
    const Bfloat16Passes passes(device_, bfloat16_);
    return network_.Forward(images, /*training=*/true).at(kReconstruction);
  }

  Step Move(Optimizer& optimizer, const at::Tensor& images, double learning_rate) {
    optimizer.ZeroGradients();
    const at::Tensor reconstruction = Reconstruct(images).to(at::kFloat);
    const at::Tensor loss = ReconstructionLoss(reconstruction, images);
    loss.backward();
    optimizer.ClipGradients(kGradientClip);
    optimizer.Step(learning_rate);
    const at::NoGradGuard no_grad;
    return {loss.item<double>(), Psnr(reconstruction, images).mean().item<double>()};
  }

  AutoencoderProgress Report(int64_t step) const {
    AutoencoderProgress mean{.step = step, .steps = options_.steps};
    const auto count = static_cast<double>(steps_.size());
    double seconds = 0;
    for (const Step& s : steps_) {
      mean.loss += s.loss / count;
      mean.psnr += s.psnr / count;
      seconds += s.seconds;
    }
    mean.images_per_second = count * static_cast<double>(options_.batch) / std::max(1e-9, seconds);
    return mean;
  }

  // In float32, as the file computes.
  double ValidationPsnr(int64_t faces, const CancelToken* cancel) {
    const at::NoGradGuard no_grad;
    double sum = 0;
    for (int64_t begin = 0; begin < faces; begin += options_.batch) {
      if (cancel != nullptr) cancel->Check();
      Images batch;
      for (int64_t i = begin; i < std::min(faces, begin + options_.batch); ++i) {
        batch.push_back(CentreCrop(held_out_.StoredCrop(i), held_out_.augment()));
      }
      const at::Tensor images = ToValues(batch).to(device_);
      const at::Tensor made = network_.Forward(images, /*training=*/false).at(kReconstruction);
      sum += Psnr(made, images).sum().item<double>();
    }
    return sum / static_cast<double>(faces);
  }

  AutoencoderResult Finish(const CancelToken* cancel) {
    AutoencoderResult result{.model = options_.output, .steps = options_.steps};
    result.validation_faces = std::min(options_.validation_faces, held_out_.real_faces());
    result.psnr = ValidationPsnr(result.validation_faces, cancel);
    Json stores = Json::array();
    for (const auto& store : stores_) stores.push_back(store->info.fingerprint);
    ModelMetadata metadata;
    metadata.name = "autoencoder-" + options_.decoder;
    metadata.input_width = metadata.input_height = static_cast<int>(options_.input_size);
    metadata.mean = {0, 0, 0};
    metadata.deviation = {1, 1, 1};
    metadata.crop_scale = kCropScale;
    metadata.output = kReconstruction;
    metadata.training_data = options_.training_data;
    metadata.recipe = Json({{"decoder", options_.decoder},
                            {"steps", options_.steps},
                            {"batch", options_.batch},
                            {"learning_rate", options_.learning_rate},
                            {"augmentation", options_.augmentation},
                            {"seed", options_.seed},
                            {"precision", bfloat16_ ? "bf16" : "fp32"},
                            {"device", device_.is_cuda() ? "cuda" : "cpu"},
                            {"stores", stores},
                            {"validation_psnr", result.psnr},
                            {"validation_faces", result.validation_faces}})
                          .dump();
    metadata.licence = options_.licence;
    metadata.program_version = kVersion;
    WriteModel(options_.output, network_.graph(), network_.ToWeights(), metadata);
    return result;
  }

  const AutoencoderOptions& options_;
  const std::vector<std::shared_ptr<const CropStore>> stores_;
  const PairSource training_;
  const PairSource held_out_;
  const at::Device device_;
  const bool bfloat16_;
  Random random_;
  Network network_;
  std::deque<Step> steps_;  // the last ones
};

void Require(bool condition, const std::string& rule) {
  if (!condition) throw UsageError(rule);
}

at::Tensor Differences(const at::Tensor& e, int64_t dimension) {
  const int64_t last = e.size(dimension) - 1;
  return e.narrow(dimension, 1, last) - e.narrow(dimension, 0, last);
}

}  // namespace

void AutoencoderOptions::Validate() const {
  FindDecoder(decoder);
  if (stores.empty()) {
    throw UsageError("no store is given", "Name the folders that `unmask prepare` wrote");
  }
  Require(output.extension() == ".onnx", "--out must name a file that ends in .onnx");
  Require(steps >= 1 && batch >= 1 && validation_faces >= 1,
          "steps, batch and validation faces must be at least 1");
  Require(learning_rate > 0 && std::isfinite(learning_rate), "the learning rate must be positive");
  Require(augmentation >= 0 && augmentation <= 1, "augmentation must lie in 0 … 1");
  Require(threads >= 0 && workers >= 0, "threads and workers must be at least 0");
}

AutoencoderResult TrainAutoencoder(
    const AutoencoderOptions& options, const CancelToken* cancel,
    const std::function<void(const AutoencoderProgress&)>& progress) {
  options.Validate();
  { const AtomicFile probe(options.output); }  // throws before time is spent
  at::set_num_threads(AutoencoderTrainer::OrCores(options.threads));
  WarnOfSlowReferenceBlas();
  try {
    return AutoencoderTrainer(options).Run(cancel, progress);
  } catch (const c10::Error& e) {
    throw Error(std::string("LibTorch: ") + e.what_without_backtrace());
  }
}

at::Tensor ReconstructionLoss(const at::Tensor& reconstruction, const at::Tensor& images) {
  const at::Tensor e = reconstruction - images;
  return e.abs().mean() + Differences(e, 3).abs().mean() + Differences(e, 2).abs().mean();
}

at::Tensor Psnr(const at::Tensor& reconstruction, const at::Tensor& images) {
  const at::Tensor squares = (reconstruction - images).to(at::kFloat).square();
  return squares.mean({1, 2, 3}).clamp_min(1e-12).log10().mul(-10);
}

}  // namespace unmask
