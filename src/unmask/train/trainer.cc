#include "unmask/train/trainer.h"

#include <ATen/Parallel.h>
#include <c10/util/Exception.h>

#include <chrono>
#include <nlohmann/json.hpp>
#include <optional>
#include <thread>
#include <utility>

#include "unmask/base/atomic_file.h"
#include "unmask/base/error.h"
#include "unmask/sampling/batch_loader.h"
#include "unmask/train/checkpoint.h"
#include "unmask/train/metrics_log.h"
#include "unmask/train/schedule.h"
#include "unmask/train/source_options.h"
#include "unmask/train/trained_classifier.h"
#include "unmask/train/training_step.h"
#include "unmask/train/weight_average.h"

namespace unmask {
namespace {

namespace fs = std::filesystem;

constexpr int64_t kReportEvery = 50;  // steps
// Validation faces are degraded half as much as training faces: they stand for what users bring.
constexpr double kValidationAugmentation = 0.5;

class Trainer {
 public:
  explicit Trainer(const TrainOptions& options)
      : options_(options),
        stores_(OpenStores(options.stores)),
        training_(stores_, SourceOptions(options, "train", options.augmentation)),
        held_out_(stores_,
                  SourceOptions(options, "val", options.augmentation * kValidationAugmentation)),
        classifier_(options),
        optimizer_(classifier_.Trainable(), {.name = options.optimizer,
                                             .weight_decay = options.weight_decay,
                                             .momentum = options.momentum}),
        schedule_({.name = options.schedule,
                   .steps = options.steps,
                   .highest = options.learning_rate,
                   .warm_up = options.warm_up,
                   .factor = options.schedule_factor}),
        step_(classifier_, optimizer_, options) {
    if (options.average_decay > 0) average_.emplace(classifier_.Tensors(), options.average_decay);
  }

  TrainResult Run(const CancelToken* cancel,
                  const std::function<void(const TrainProgress&)>& progress) {
    const Json recipe = RecipeOf(options_);
    const TrainState state{classifier_, optimizer_, schedule_, average_ ? &*average_ : nullptr};
    const fs::path checkpoint = options_.output / "checkpoint.pt";
    int64_t step = options_.resume ? LoadCheckpoint(checkpoint, state, recipe) : 0;
    WriteOptions(recipe);
    MetricsLog log(options_.output / "metrics.jsonl", step);
    BatchLoader loader(training_, {.pairs = options_.pairs}, step * options_.accumulate, Workers());
    Meter meter;
    Validation validation;
    while (true) {
      // Also where a run stopped between the step and its validation.
      if (ValidationIsDue(step) && schedule_.observed_step() != step) {
        validation = Measure(log, step, cancel);
        SaveCheckpoint(checkpoint, state, step, recipe);
      }
      const bool waited = options_.early_stop > 0 && schedule_.waits() >= options_.early_stop;
      if (step == options_.steps || waited) break;
      if (cancel != nullptr && cancel->cancelled()) {
        SaveCheckpoint(checkpoint, state, step, recipe);
        throw Cancelled();
      }
      const double rate = schedule_.RateAt(step);
      meter.Add(step_.Run(step, rate, [&] { return loader.Next(); }),
                2 * options_.pairs * options_.accumulate);
      if (average_) average_->Update();
      ++step;
      if (progress) progress(meter.Report(step, options_.steps));
      if (step % kReportEvery == 0 || step == options_.steps) {
        log.Add(step, meter.ToJson(rate));
        meter = Meter();
      }
      if (step % options_.checkpoint_every == 0 || ValidationIsDue(step)) {
        SaveCheckpoint(checkpoint, state, step, recipe);
      }
    }
    if (validation.labels.empty()) validation = Measure(log, step, cancel);  // resumed at its end
    return {step, std::move(validation), Finish()};
  }

 private:
  // Means over some steps.
  class Meter {
   public:
    void Add(const StepResult& result, int64_t images) {
      ++steps_;
      loss_ += result.loss;
      accuracy_ += result.accuracy;
      images_ += images;
    }
    TrainProgress Report(int64_t step, int64_t steps) const {
      return {step, steps, loss_ / steps_, accuracy_ / steps_, Rate()};
    }
    Json ToJson(double learning_rate) const {
      return {{"loss", loss_ / steps_},
              {"accuracy", accuracy_ / steps_},
              {"learning_rate", learning_rate},
              {"images_per_second", Rate()}};
    }

   private:
    double Rate() const {
      const std::chrono::duration<double> passed = std::chrono::steady_clock::now() - start_;
      return static_cast<double>(images_) / std::max(1e-9, passed.count());
    }
    double steps_ = 0, loss_ = 0, accuracy_ = 0;
    int64_t images_ = 0;
    std::chrono::steady_clock::time_point start_ = std::chrono::steady_clock::now();
  };

  bool ValidationIsDue(int64_t step) const {
    return step > 0 && (step % options_.validate_every == 0 || step == options_.steps);
  }

  int Workers() const {
    return options_.workers > 0 ? options_.workers
                                : static_cast<int>(std::thread::hardware_concurrency());
  }

  // Validates, writes the model of this moment, and keeps it as the best if it is.
  Validation Measure(MetricsLog& log, int64_t step, const CancelToken* cancel) {
    const WithAverages averaged(average_ ? &*average_ : nullptr);
    const int64_t pairs = std::min(options_.validation_faces, held_out_.pairs_per_epoch());
    const Backbone& backbone = classifier_.backbone();
    Validation validation =
        Validate(classifier_.network(), classifier_.loss(), held_out_, pairs, backbone.mean,
                 backbone.deviation, options_.false_alarm_rate, cancel);
    log.Add(step, {{"validation", ToJson(validation)}});
    classifier_.Export(Last(), validation);
    if (schedule_.Observe(step, validation.auc)) classifier_.Export(Best(), validation);
    return validation;
  }

  fs::path Last() const { return options_.output / "last.onnx"; }
  fs::path Best() const { return options_.output / "best.onnx"; }

  // Gives the chosen model its name.
  fs::path Finish() const {
    const fs::path model = options_.output / "model.onnx";
    AtomicFile file(model);
    fs::copy_file(options_.select_best ? Best() : Last(), file.temporary_path());
    file.Commit();
    return model;
  }

  void WriteOptions(const Json& recipe) const {
    Json json = {{"recipe", recipe}, {"stores", Json::array()}};
    for (const fs::path& store : options_.stores) json["stores"].push_back(store.string());
    json["training_faces"] = training_.real_faces() + training_.fake_faces();
    json["validation_faces"] = held_out_.real_faces() + held_out_.fake_faces();
    WriteJson(options_.output / "options.json", json);
  }

  const TrainOptions& options_;
  const std::vector<std::shared_ptr<const CropStore>> stores_;
  const PairSource training_;
  const PairSource held_out_;
  TrainedClassifier classifier_;
  Optimizer optimizer_;
  Schedule schedule_;
  std::optional<WeightAverage> average_;
  TrainingStep step_;
};

}  // namespace

TrainResult Train(const TrainOptions& options, const CancelToken* cancel,
                  const std::function<void(const TrainProgress&)>& progress) {
  options.Validate();
  at::set_num_threads(options.threads > 0 ? options.threads
                                          : static_cast<int>(std::thread::hardware_concurrency()));
  std::error_code error;
  const bool used = fs::exists(options.output / "checkpoint.pt", error);
  if (used && !options.resume) {
    throw Error(options.output.string() + ": holds a run already",
                "Continue it with --resume, or choose another folder");
  }
  fs::create_directories(options.output, error);
  if (error) throw Error(options.output.string() + ": cannot be made (" + error.message() + ")");
  try {
    Trainer trainer(options);
    return trainer.Run(cancel, progress);
  } catch (const c10::Error& e) {
    throw Error(std::string("LibTorch: ") + e.what_without_backtrace());
  }
}

}  // namespace unmask
