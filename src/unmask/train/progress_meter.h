#pragma once

#include <cstdint>
#include <deque>

#include "unmask/train/trainer.h"
#include "unmask/train/training_step.h"

namespace unmask {

inline constexpr int64_t kReportEvery = 50;  // steps, and those that a report is the mean of

// Means over the last steps. Time counts while a step runs, not during validations.
class ProgressMeter {
 public:
  void Add(const StepResult& result, int64_t images, double seconds);
  TrainProgress Report(int64_t step, int64_t steps, int64_t validations) const;

 private:
  struct Step {
    StepResult result;
    int64_t images;
    double seconds;
  };
  std::deque<Step> steps_;
};

}  // namespace unmask
