#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <span>
#include <string>
#include <vector>

#include "unmask/base/json.h"
#include "unmask/sampling/degradations.h"
#include "unmask/sampling/sampling_options.h"

namespace unmask {

struct TrainOptions {
  std::vector<std::filesystem::path> stores;  // folders that `prepare` wrote
  std::filesystem::path output;               // folder of the run

  std::string backbone = "efficientnet_lite0";  // a row of the table of backbones
  std::string loss = "softmax";                 // a row of the table of losses
  // Parameters of the loss that differ from its standard ones, each value as JSON text.
  std::map<std::string, std::string> loss_options;
  // Size of an extra linear layer in front of the loss, which then is the embedding; 0: none.
  int64_t embedding_size = 0;
  // Weights of real and fake faces in the loss; empty: both 1.
  std::vector<double> class_weights;
  // Forgeries, see ForgeryMix: every real face is paired with a forged copy of itself. "none": the
  // stores hold fakes of their own.
  std::string forgery = "self-blend";
  // Scales the manipulation, 0 … 1. With 0 fakes equal their real faces, and a model that tells
  // them apart all the same has found a leak.
  double forgery_strength = 1;
  SamplingOptions sampling;  // which faces of the stores
  // Weights to begin with, see ReadFirstWeights(); empty: random ones.
  std::filesystem::path initial_weights;
  // A model whose general branch is put beside the network of the run when that ends, see
  // JoinBranches(); empty: none.
  std::filesystem::path general_weights;
  double evidence_weight = 0.8;  // of what the network of the run says then

  int64_t steps = 2000;             // 0: what the run begins with is measured and calibrated
  int64_t pairs = 16;               // of a real and a fake face in a batch
  int64_t accumulate = 1;           // batches a step
  std::string optimizer = "adamw";  // a row of the table of optimisers
  double learning_rate = 1e-4;      // at its highest
  double weight_decay = 0.02;       // of filters and matrices
  double momentum = 0.9;            // of the optimiser sgd
  double sharpness_radius = 0;      // of sharpness-aware minimisation (SAM); 0: off
  std::string schedule = "cosine";  // a row of the table of schedules
  double warm_up = 0.05;            // share of the steps with a rising rate
  double schedule_factor = 0.1;     // of the schedules step and plateau
  double first_layer_rate = 1;      // share of the rate at the input, rising to 1 at the output
  double average_decay = 0;         // of the moving average of the weights; 0: none
  std::vector<std::string> freeze;  // beginnings of names of parameters that stay as they are
  double gradient_clip = 5.0;       // largest norm of all gradients together; 0: none
  std::string norms = "auto";       // a row of NormStatistics()
  double dropout = 0.2;             // in front of the head
  double drop_path = 0.0;           // stochastic depth of the last block
  double augmentation = 1.0;        // strength, 0 … 1
  DegradationLevels degradations;   // how often and how strongly, each
  int64_t input_size = 0;           // pixels; 0: the backbone's own
  double crop_scale = 1.3;          // face scale at inference

  uint64_t seed = 1;     // at most 2⁶³ − 1, the largest number of TOML
  int threads = 0;       // of LibTorch; 0: the cores, divided among the machine's processes
  int workers = 0;       // that make batches; 0: likewise
  bool bfloat16 = true;  // where the CPU has it: forward and backward passes, not the weights
  std::string device = "auto";  // see FindDevice()
  bool deterministic = false;   // see UseDeterministicAlgorithms()

  int64_t validate_every = 500;    // steps; also after the last one
  int64_t validation_faces = 500;  // real faces of the split "val", at most
  double false_alarm_rate = 0.05;  // of real faces, that the threshold is set for
  double missed_rate = 0.1;        // of fake faces, that the score real is said below is set for
  int64_t checkpoint_every = 200;  // steps
  int64_t early_stop = 0;    // validations without a better AUC after which the run ends; 0: never
  bool select_best = false;  // the model of the best validation AUC, instead of the last
  bool resume = false;       // continue the run in `output`

  // Text that the run's folder keeps as options.toml: by which the program can repeat the run.
  std::string options_file;

  // For the model's metadata.
  std::string name = "model";
  std::string training_data;
  std::string licence;

  // Throws UsageError naming the value and the violated rule.
  void Validate() const;
};

// Throws UsageError unless the pairs of a batch can be divided evenly among so many processes.
void RequireEvenShares(const TrainOptions& options, int processes);

// The side of the network's input in pixels.
int64_t InputSize(const TrainOptions& options);

// All parameters of the loss. Throws UsageError for those it does not have or that are out of
// range.
Json LossOptionsOf(const TrainOptions& options);

// Whose mean and variance norms use in training.
std::span<const Choice> NormStatistics();

// Whether the norms keep the statistics of the first weights. A network whose norms see the batch
// finds out which face of a pair is the fake by comparing the two, which is of no use with one.
bool KeepsNormStatistics(const TrainOptions& options);

// Whether the passes really compute in bf16: where the CPU has it, and on every card.
bool UsesBfloat16(const TrainOptions& options);

// What determines the weights, and with select_best the calibration: a run is resumed only with the
// same. The stores count by what is in them; paths, threads and intervals are left out (but for the
// schedule plateau, which follows the validations). Throws Error where a store cannot be read.
Json RecipeOf(const TrainOptions& options);

// Throws Error where a new run may not use `options.output`: a run is there, or no folder.
void RequireFreeOutput(const TrainOptions& options);

}  // namespace unmask
