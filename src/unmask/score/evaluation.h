#pragma once

#include <cstdint>
#include <optional>
#include <span>

#include "unmask/score/metrics.h"

namespace unmask {

struct Measure {
  double value = 0;
  Interval interval;  // 95 %, bootstrap over groups
};

// How good scores are, in the terms of the study. What needs both classes is absent where there is
// one.
struct Evaluation {
  int64_t real = 0;  // items
  int64_t fake = 0;
  double threshold = 0.5;

  Measure accuracy;
  Measure log_loss;                     // natural logarithm, probabilities clipped at 1e-7
  std::optional<double> real_accuracy;  // share of the real items called real
  std::optional<double> fake_accuracy;  // share of the fake items called fake
  std::optional<Measure> balanced_accuracy;
  std::optional<Measure> auc;
};

// `scores`: P(fake) in [0, 1]; `labels`: 1 = fake; `groups`: items of one group (a person, a
// source) are drawn together by the bootstrap. Throws Error as the metrics do.
Evaluation Evaluate(std::span<const double> scores, std::span<const int> labels,
                    std::span<const int> groups, double threshold, int resamples = 2000,
                    uint64_t seed = 1);

}  // namespace unmask
