#pragma once

#include <array>
#include <span>
#include <string>
#include <vector>

#include "unmask/base/json.h"
#include "unmask/score/reliability.h"

namespace unmask {

// What a classifier needs to be run and understood beyond its weights. Stored in the ONNX file as
// one JSON text under the key "unmask".
struct ModelMetadata {
  int format_version = 1;
  std::string name;          // "unmask-lite0"
  std::string backbone;      // a row of the table of backbones; empty for foreign models
  std::string loss;          // a row of the table of losses
  std::string loss_options;  // JSON text

  int input_width = 224;
  int input_height = 224;
  // Input value = (pixel / 255 - mean) / deviation, RGB, NCHW.
  std::array<float, 3> mean = {0.5f, 0.5f, 0.5f};
  std::array<float, 3> deviation = {0.5f, 0.5f, 0.5f};

  double crop_scale = 1.3;                // face scale of the alignment
  std::string alignment = "five_points";  // the only template so far

  // The output that is the classification; where the model has none of this name, its only output
  // of a fitting width is taken. One value per class, or a single value for the class of index 1.
  std::string output = "logits";
  bool output_is_probability = false;  // softmax or sigmoid is already in the network

  std::vector<std::string> class_names = {"real", "fake"};
  int fake_class = 1;        // index of the logit that means "fake"
  double temperature = 1.0;  // probabilities are softmax(logits / temperature)
  double threshold = 0.5;    // decision: score ≥ threshold means fake

  // Where the model gives no answer.
  ReliabilityLimits limits;
  // Mean and standard deviation of each value of the output "embedding" over the faces that limits
  // were taken from; empty: not known. See EmbeddingDistance().
  std::vector<double> embedding_mean;
  std::vector<double> embedding_deviation;

  std::string training_data;
  std::string recipe;
  std::string validation;  // how it did on the faces that were held out from its training
  std::string licence;
  std::string program_version;

  // Throws Error naming the value and the violated rule.
  void Validate() const;
};

Json ToJson(const ModelMetadata& metadata);

// How unlike those faces one is: the root of the mean of ((value − mean) / deviation)² over the
// embedding, about 1 for a face like them. 0 where the metadata do not know it. Values that never
// varied count nothing. Throws Error where the sizes differ.
double EmbeddingDistance(const ModelMetadata& metadata, std::span<const float> embedding);

// Fields that are missing keep the value of `defaults`, unknown ones are passed over. Throws Error
// naming the field that is of the wrong type or out of range.
ModelMetadata ModelMetadataFromJson(const Json& json, const ModelMetadata& defaults = {});

}  // namespace unmask
