#include "unmask/train/trainer.h"

#include <ATen/ATen.h>
#include <ATen/Parallel.h>
#include <ATen/core/grad_mode.h>
#include <c10/util/Exception.h>

#include <algorithm>
#include <chrono>
#include <nlohmann/json.hpp>
#include <optional>
#include <thread>
#include <utility>

#include "unmask/base/atomic_file.h"
#include "unmask/base/error.h"
#include "unmask/base/temporary_folder.h"
#include "unmask/model/model_file.h"
#include "unmask/model/sha256.h"
#include "unmask/sampling/batch_loader.h"
#include "unmask/train/branches.h"
#include "unmask/train/checkpoint.h"
#include "unmask/train/device.h"
#include "unmask/train/metrics_log.h"
#include "unmask/train/progress_meter.h"
#include "unmask/train/schedule.h"
#include "unmask/train/source_options.h"
#include "unmask/train/trained_classifier.h"
#include "unmask/train/training_step.h"
#include "unmask/train/weight_average.h"

namespace unmask {
namespace {

namespace fs = std::filesystem;

// Validation faces are degraded half as much as training faces: they stand for what users bring.
constexpr double kValidationAugmentation = 0.5;

Json ToJson(const TrainProgress& p, double learning_rate) {
  return {{"loss", p.loss},
          {"accuracy", p.accuracy},
          {"learning_rate", learning_rate},
          {"images_per_second", p.images_per_second}};
}

void MakeFolder(const fs::path& folder) {
  std::error_code error;
  fs::create_directories(folder, error);
  if (error) {
    throw Error(folder.string() + ": cannot be made (" + error.message() + ")",
                "Choose a folder that you may write to");
  }
}

// A number of threads: as given, or this process's part of the machine's cores.
int PerProcess(int given, const ProcessGroup& group) {
  if (given > 0) return given;
  const auto cores = static_cast<int>(std::thread::hardware_concurrency());
  return std::max(1, cores / group.place().local_size);
}

class Trainer {
 public:
  Trainer(const TrainOptions& options, const Json& recipe, ProcessGroup& group)
      : options_(options),
        recipe_(recipe),
        group_(group),
        stores_(OpenStores(options.stores)),
        training_(stores_, SourceOptions(options, "train", options.augmentation)),
        held_out_(stores_,
                  SourceOptions(options, "val", options.augmentation * kValidationAugmentation)),
        classifier_(options, FindDevice(options.device, group.place().local_rank)),
        optimizer_(classifier_.Trainable(), {.name = options.optimizer,
                                             .weight_decay = options.weight_decay,
                                             .momentum = options.momentum}),
        schedule_({.name = options.schedule,
                   .steps = options.steps,
                   .highest = options.learning_rate,
                   .warm_up = options.warm_up,
                   .factor = options.schedule_factor}),
        step_(classifier_, optimizer_, options, group) {
    if (leads_) RequireBothLabels(held_out_, ValidationPairs());
    if (classifier_.first().norms_need_statistics) FitFirstNorms();
    ShareWeights();
    if (leads_ && !options.resume && !options.general_weights.empty()) TryToJoin();
    if (options.average_decay > 0) average_.emplace(classifier_.Tensors(), options.average_decay);
  }

  TrainResult Run(const CancelToken* cancel,
                  const std::function<void(const TrainProgress&)>& progress) {
    const TrainState state{classifier_, optimizer_, schedule_, average_ ? &*average_ : nullptr};
    const fs::path checkpoint = options_.output / "checkpoint.pt";
    int64_t step = 0;
    if (options_.resume) {
      step = RestoreCheckpoint(
          checkpoint, group_.Broadcast(leads_ ? ReadCheckpoint(checkpoint) : ""), state, recipe_);
    }
    std::optional<MetricsLog> log;
    if (leads_) log.emplace(StartLog(step));
    const auto save = [&] {
      if (leads_) SaveCheckpoint(checkpoint, state, step, recipe_);
    };
    BatchLoader loader(training_, Share(), step * options_.accumulate,
                       PerProcess(options_.workers, group_));
    ProgressMeter meter;
    int64_t validations = 0;
    while (true) {
      // Also where a run stopped between the step and its validation.
      if (ValidationIsDue(step) && schedule_.observed_step() != step) {
        Measure(log, step, cancel);
        save();
        ++validations;
      }
      if (step == options_.steps || WaitedEnough()) break;
      if (group_.Any(cancel != nullptr && cancel->cancelled())) {
        save();
        throw Cancelled();
      }
      const double rate = schedule_.RateAt(step);
      const auto start = std::chrono::steady_clock::now();
      const StepResult result = step_.Run(step, rate, [&] { return loader.Next(); });
      if (average_) average_->Update();
      const std::chrono::duration<double> seconds = std::chrono::steady_clock::now() - start;
      meter.Add(result, 2 * options_.pairs * options_.accumulate, seconds.count());
      ++step;
      TrainProgress report = meter.Report(step, options_.steps, validations);
      report.began_with = classifier_.first().summary;
      if (progress) progress(report);
      // Before a validation too: it may end the run.
      if (leads_ && (step % kReportEvery == 0 || ValidationIsDue(step))) {
        log->Add(step, ToJson(report, rate));
      }
      if (step % options_.checkpoint_every == 0 || ValidationIsDue(step)) {
        save();
      }
    }
    if (options_.steps == 0) save();                   // what can be stopped can be gone on with
    if (validations == 0) Measure(log, step, cancel);  // resumed at its end, or without steps
    TrainResult result{
        step, {}, held_out_.PeopleOf(ValidationPairs()), options_.output / "model.onnx"};
    Agreed([&] { result.validation = Finish(result.model, cancel); });  // the others stay
    return result;
  }

 private:
  // With the faces of the first batch.
  void FitFirstNorms() {
    std::vector<Image> images;
    for (int64_t i = 0; i < options_.pairs; ++i) {
      for (Sample& sample : training_.Make(i)) images.push_back(std::move(sample.image));
    }
    classifier_.FitFirstNorms(images);
  }

  bool ValidationIsDue(int64_t step) const {
    return step > 0 && (step % options_.validate_every == 0 || step == options_.steps);
  }

  bool WaitedEnough() const {
    return options_.early_stop > 0 && schedule_.waits() >= options_.early_stop;
  }

  // Makes the run's folder, with the options and the log in it.
  MetricsLog StartLog(int64_t step) const {
    MakeFolder(options_.output);
    if (!options_.options_file.empty()) {
      WriteTextFile(options_.output / "options.toml", options_.options_file);
    }
    // What was validated behind the checkpoint is validated again, as is the end of a run.
    const bool ended = step == options_.steps || WaitedEnough();
    return {options_.output, step, ended ? step - 1 : schedule_.observed_step(), recipe_};
  }

  // The pairs of every batch that are made and judged here.
  BatchShare Share() const {
    const int64_t share = options_.pairs / group_.size();
    return {options_.pairs, group_.rank() * share, (group_.rank() + 1) * share};
  }

  // All processes begin with the weights of process 0, whatever file each has read.
  void ShareWeights() {
    const at::NoGradGuard no_grad;
    std::vector<at::Tensor> tensors;
    for (auto& [name, tensor] : classifier_.Tensors()) {
      if (!leads_) tensor.zero_();
      tensors.push_back(tensor);
    }
    group_.Sum(tensors);
  }

  // Process 0 validates while the others wait; all learn its AUC.
  void Measure(std::optional<MetricsLog>& log, int64_t step, const CancelToken* cancel) {
    const WithAverages averaged(average_ && leads_ ? &*average_ : nullptr);
    Validation validation;
    Agreed([&] { validation = ValidateAndExport(*log, step, cancel); });
    const at::Tensor auc = at::full({1}, validation.auc, at::kDouble);  // 0 in the others
    group_.Sum({auc});
    const bool best = schedule_.Observe(step, auc.item<double>());
    if (best && leads_) classifier_.Export(Best(), validation, recipe_);
  }

  // What process 0 does while the others wait. All end when it is cancelled.
  template <typename Work>
  void Agreed(const Work& work) {
    bool cancelled = false;
    try {
      if (leads_) work();
    } catch (const Cancelled&) {
      cancelled = true;
    }
    if (group_.Any(cancelled)) throw Cancelled();
  }

  int64_t ValidationPairs() const {
    return std::min(options_.validation_faces, held_out_.pairs_per_epoch());
  }

  Validation ValidationOf(TrainedClassifier& classifier, const CancelToken* cancel) {
    const Backbone& backbone = classifier.backbone();
    return Validate(classifier.network(), classifier.loss(), held_out_, ValidationPairs(),
                    backbone.mean, backbone.deviation,
                    {.false_alarms = options_.false_alarm_rate, .misses = options_.missed_rate},
                    [&] {
                      if (cancel != nullptr) cancel->Check();
                      group_.SayAlive();
                    });
  }

  // Writes the model of this moment, too.
  Validation ValidateAndExport(MetricsLog& log, int64_t step, const CancelToken* cancel) {
    Validation validation = ValidationOf(classifier_, cancel);
    log.Add(step,
            {{"validation", ToJson(validation)}, {"device", DeviceName(classifier_.device())}});
    classifier_.Export(Last(), validation, recipe_);
    return validation;
  }

  fs::path Last() const { return options_.output / "last.onnx"; }
  fs::path Best() const { return options_.output / "best.onnx"; }

  FirstWeights Joined(const fs::path& model) const {
    return JoinBranches(options_.general_weights, model, options_.evidence_weight);
  }

  // Before time is spent.
  void TryToJoin() const {
    const TemporaryFolder folder;
    const fs::path model = folder.path() / "model.onnx";
    classifier_.Export(model, {}, recipe_);
    Joined(model);
  }

  // The general model decides on the result: it must be the one that the recipe names.
  void RequireGeneralUnchanged() const {
    if (Sha256OfFile(options_.general_weights) == recipe_.at("general_sha256")) return;
    throw Error(options_.general_weights.string() + ": is not what it was when the run began",
                "Put it back and continue with --resume");
  }

  // Makes the model of the run out of the chosen one, and returns how it does.
  Json Finish(const fs::path& model, const CancelToken* cancel) {
    const fs::path chosen = options_.select_best ? Best() : Last();
    if (options_.general_weights.empty()) {
      ModelMetadata metadata = *DescribeModel(chosen).metadata;
      metadata.name = options_.name;  // the best may be of a call before
      metadata.training_data = options_.training_data;
      metadata.licence = options_.licence;
      CopyModel(chosen, model, metadata);
    } else {
      RequireGeneralUnchanged();
      TrainedClassifier joined(options_, FindBackbone(kBranchesBackbone), Joined(chosen),
                               classifier_.device());
      joined.Export(model, ValidationOf(joined, cancel), recipe_);
    }
    return Json::parse(DescribeModel(model).metadata->validation);
  }

  const TrainOptions& options_;
  const Json& recipe_;
  ProcessGroup& group_;
  const bool leads_ = group_.rank() == 0;  // validates and writes
  const std::vector<std::shared_ptr<const CropStore>> stores_;
  const PairSource training_;
  const PairSource held_out_;
  TrainedClassifier classifier_;
  Optimizer optimizer_;
  Schedule schedule_;
  std::optional<WeightAverage> average_;
  TrainingStep step_;
};

// What must be the same in all processes: the recipe, and what decides on the next operation.
Json AgreementOf(const TrainOptions& options, Json recipe) {
  recipe["resume"] = options.resume;
  recipe["validate_every"] = options.validate_every;
  recipe["early_stop"] = options.early_stop;
  return recipe;
}

// Checks and makes what a run needs outside of itself.
void Prepare(const TrainOptions& options, const ProcessGroup& group) {
  options.Validate();
  RequireEvenShares(options, group.size());
  at::set_num_threads(PerProcess(options.threads, group));
  UseDeterministicAlgorithms(options.deterministic);
  WarnOfSlowReferenceBlas();
  if (group.rank() == 0) RequireFreeOutput(options);
}

}  // namespace

TrainResult Train(const TrainOptions& options, const CancelToken* cancel,
                  const std::function<void(const TrainProgress&)>& progress) {
  ProcessGroup alone;
  return Train(options, alone, cancel, progress);
}

TrainResult Train(const TrainOptions& options, ProcessGroup& group, const CancelToken* cancel,
                  const std::function<void(const TrainProgress&)>& progress) {
  try {
    Prepare(options, group);
    const Json recipe = RecipeOf(options);
    group.RequireSame(AgreementOf(options, recipe));  // before anything is exchanged
    Trainer trainer(options, recipe, group);
    return trainer.Run(cancel, progress);
  } catch (const Cancelled&) {  // by agreement of all
    throw;
  } catch (const UsageError& e) {
    group.Fail(e);
    throw;
  } catch (const Error& e) {
    throw group.Fail(e);
  } catch (const c10::Error& e) {
    throw group.Fail(Error(std::string("LibTorch: ") + e.what_without_backtrace()));
  } catch (const std::exception& e) {
    group.Fail(Error(e.what()));
    throw;
  }
}

}  // namespace unmask
