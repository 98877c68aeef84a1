#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "unmask/base/json.h"

namespace unmask {

// A row of the table of schedules: how the learning rate falls after the warm-up.
struct ScheduleKind {
  std::string_view name;
  std::string_view summary;
};
std::span<const ScheduleKind> Schedules();

struct ScheduleOptions {
  std::string name = "cosine";
  int64_t steps = 1;       // of the whole run
  double highest = 1;      // learning rate
  double warm_up = 0;      // share of the steps during which the rate rises linearly
  double factor = 0.1;     // of "step" and "plateau": what the rate is multiplied with
  double milestone = 0.3;  // of "step": share of the steps after which it falls, again and again
  int64_t patience = 3;    // of "plateau": validations without a better AUC before it falls
};

// The learning rate of each step, and when to stop. Pure but for what Observe() learns.
class Schedule {
 public:
  // Throws UsageError for an unknown name, suggesting the nearest.
  explicit Schedule(const ScheduleOptions& options);

  // The rate of step `step`, from 0.
  double RateAt(int64_t step) const;

  // A validation's AUC after `step` steps. True when it is the best so far.
  bool Observe(int64_t step, double auc);

  // The step of the last validation; 0 before the first.
  int64_t observed_step() const { return observed_step_; }

  // Validations since the best one.
  int64_t waits() const { return waits_; }

  // For a checkpoint.
  Json state() const;
  void Restore(const Json& state);

 private:
  ScheduleOptions options_;
  double (*fall_)(const ScheduleOptions&, double done);  // share of the highest rate
  int64_t observed_step_ = 0;
  double best_ = -1;
  int64_t waits_ = 0;
  int64_t plateau_waits_ = 0;
  double plateau_factor_ = 1;
};

}  // namespace unmask
