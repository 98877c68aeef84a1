#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <vector>

#include "unmask/base/json.h"
#include "unmask/losses/loss.h"
#include "unmask/nn/network.h"
#include "unmask/sampling/pair_source.h"
#include "unmask/train/answer_limits.h"

namespace unmask {

// How a classifier does on pairs of faces it was not trained on.
struct Validation {
  std::vector<double> margins;  // logit of fake minus logit of real, one a face
  std::vector<int> labels;      // 1 = fake

  double log_loss = 0;             // at temperature 1
  double calibrated_log_loss = 0;  // at `temperature`
  double accuracy = 0;             // at the threshold 0.5
  double auc = 0;
  double temperature = 1;  // fitted, see FitTemperature()
  double threshold = 0.5;  // of the calibrated score, see ThresholdForFalseAlarms()
  AnswerLimits answers;    // where the model had better give none
  // Shares of the real and of the fake faces whose calibrated score reaches the threshold.
  double false_alarm_rate = 0;
  double detection_rate = 0;
};

// Shares of the faces of a validation.
struct ErrorRates {
  double false_alarms = 0.05;  // of real faces, that may be called fake
  double misses = 0.1;         // of fake ones, that may be called real
};

// The measures, without the single faces.
Json ToJson(const Validation& validation);

// Throws UsageError where the first `pairs` pairs of `source` are all real or all fake, as pairs of
// the balance "none" may be: no validation could judge them.
void RequireBothLabels(const PairSource& source, int64_t pairs);

// Judges the first `pairs` pairs of `source`. `mean` and `deviation`: the backbone's. The network
// runs as it would at inference, in float32. `between_batches` is called again and again; what it
// throws ends the validation.
Validation Validate(Network& network, Loss& loss, const PairSource& source, int64_t pairs,
                    const std::array<float, 3>& mean, const std::array<float, 3>& deviation,
                    const ErrorRates& rates, const std::function<void()>& between_batches);

}  // namespace unmask
