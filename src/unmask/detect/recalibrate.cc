#include "unmask/detect/recalibrate.h"

#include <cmath>

#include "unmask/base/error.h"
#include "unmask/score/calibration.h"
#include "unmask/score/log_odds.h"
#include "unmask/score/metrics.h"

namespace unmask {
namespace {

double LogLossAt(double temperature, const std::vector<double>& margins,
                 const std::vector<int>& labels) {
  double sum = 0;
  for (size_t i = 0; i < margins.size(); ++i) {
    sum += LogLossOf(Sigmoid(margins[i] / temperature), labels[i]);
  }
  return sum / static_cast<double>(margins.size());
}

}  // namespace

Recalibration Recalibrate(const ModelMetadata& metadata, const std::vector<ScoredFile>& files) {
  if (metadata.output_is_probability) {
    throw Error("the model " + metadata.name + " gives probabilities; no temperature applies",
                "Export it with logits as its output");
  }
  if (metadata.class_names.size() != 2) {
    throw Error("the model " + metadata.name +
                " has more than two classes; a temperature is "
                "fitted for two");
  }
  std::vector<double> margins;
  std::vector<int> labels;
  bool has[2] = {false, false};
  for (const ScoredFile& file : files) {
    if (!file.has_score()) continue;
    for (const std::vector<FaceScore>& track : file.tracks) {
      for (const FaceScore& face : track) {
        margins.push_back(face.margin);
        labels.push_back(file.label);
      }
    }
    has[file.label] = true;
  }
  if (!has[0] || !has[1]) {
    throw Error(std::string("the split val has no ") + (has[0] ? "fake" : "real") +
                    " faces to fit the temperature on",
                "Give stores whose split val holds real and fake files");
  }
  Recalibration result{.metadata = metadata};
  result.faces = static_cast<int64_t>(margins.size());
  result.metadata.temperature = FitTemperature(margins, labels);
  result.metadata.threshold =
      MoveThreshold(metadata.threshold, metadata.temperature, result.metadata.temperature);
  result.metadata.limits.real_below =
      MoveThreshold(metadata.limits.real_below, metadata.temperature, result.metadata.temperature);
  result.log_loss_before = LogLossAt(metadata.temperature, margins, labels);
  result.log_loss_after = LogLossAt(result.metadata.temperature, margins, labels);
  return result;
}

void ApplyTemperature(double temperature, std::vector<ScoredFile>& files) {
  for (ScoredFile& file : files) {
    for (std::vector<FaceScore>& track : file.tracks) {
      for (FaceScore& face : track) face.score = Sigmoid(face.margin / temperature);
    }
  }
}

}  // namespace unmask
