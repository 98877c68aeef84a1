#pragma once

#include <cstdint>
#include <vector>

#include "unmask/model/metadata.h"
#include "unmask/score/dataset_evaluation.h"

namespace unmask {

struct Recalibration {
  ModelMetadata metadata;  // the model's, with the new temperature and threshold
  int64_t faces = 0;       // that it was fitted on
  double log_loss_before = 0;
  double log_loss_after = 0;
};

// Fits the temperature (FitTemperature()) to the faces of `files`, which must come from the split
// "val" and nothing else, each face counting once. The threshold moves along, so that every
// decision stays what it was. Throws Error for a model whose probability no temperature of ours
// makes (its output is a probability, or it has more than two classes) and where real or fake faces
// are missing.
Recalibration Recalibrate(const ModelMetadata& metadata, const std::vector<ScoredFile>& files);

// Gives the faces of `files` the scores that a model of two classes has with this temperature.
void ApplyTemperature(double temperature, std::vector<ScoredFile>& files);

}  // namespace unmask
