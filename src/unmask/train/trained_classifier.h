#pragma once

#include <filesystem>
#include <memory>
#include <vector>

#include "unmask/backbones/registry.h"
#include "unmask/base/json.h"
#include "unmask/losses/loss.h"
#include "unmask/media/image.h"
#include "unmask/nn/network.h"
#include "unmask/train/first_weights.h"
#include "unmask/train/optimizer.h"
#include "unmask/train/options.h"
#include "unmask/train/validation.h"

namespace unmask {

// What a run trains: the backbone as a network, and the loss with its head.
class TrainedClassifier {
 public:
  // Throws Error when first weights do not fit the backbone.
  explicit TrainedClassifier(const TrainOptions& options, at::Device device = at::kCPU);

  // What is not trained, but measured and exported as a model of a run with `options`: these
  // weights, of another backbone. Throws Error when they do not fit it.
  TrainedClassifier(const TrainOptions& options, const Backbone& backbone, FirstWeights first,
                    at::Device device);

  at::Device device() const { return device_; }
  const Backbone& backbone() const { return backbone_; }
  Network& network() { return network_; }
  Loss& loss() { return *loss_; }

  // What the run began with; its tensors have been taken.
  const FirstWeights& first() const { return first_; }

  // Where first().norms_need_statistics: takes those of `images`, see FitNorms().
  void FitFirstNorms(const std::vector<Image>& images);

  // What the optimiser moves: all but the frozen parameters, each with its share of the learning
  // rate.
  std::vector<TrainedTensor> Trainable();

  // Network and head, parameters and running statistics, by their names in the model.
  NamedTensors Tensors();

  // Writes the model with the calibration of `validation`, atomically. `recipe`: that of the run,
  // see RecipeOf().
  void Export(const std::filesystem::path& path, const Validation& validation,
              const Json& recipe) const;

 private:
  const TrainOptions& options_;
  const at::Device device_;
  const Backbone& backbone_;
  Random random_;
  FirstWeights first_;
  Network network_;
  std::unique_ptr<Loss> loss_;
};

}  // namespace unmask
