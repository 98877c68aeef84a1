#include "unmask/train/schedule.h"

#include <cmath>
#include <nlohmann/json.hpp>
#include <numbers>
#include <vector>

#include "unmask/base/text.h"

namespace unmask {
namespace {

// `done` runs from 0 behind the warm-up to 1 at the end of the run.
double Cosine(const ScheduleOptions&, double done) {
  return 0.5 * (1 + std::cos(std::numbers::pi * done));
}
double Constant(const ScheduleOptions&, double) { return 1; }
double Steps(const ScheduleOptions& o, double done) {
  return std::pow(o.factor, std::floor(done / o.milestone + 1e-9));
}

struct Row {
  ScheduleKind kind;
  double (*fall)(const ScheduleOptions&, double);
};
constexpr Row kSchedules[] = {
    {{"cosine", "half a cosine to 0 (Loshchilov and Hutter 2017, without restarts)"}, Cosine},
    {{"step", "multiplied by a factor at regular milestones"}, Steps},
    {{"plateau", "multiplied by a factor whenever validation no longer improves"}, Constant},
    {{"constant", "does not fall"}, Constant},
};

}  // namespace

std::span<const ScheduleKind> Schedules() {
  static const std::vector<ScheduleKind> kinds = [] {
    std::vector<ScheduleKind> list;
    for (const Row& row : kSchedules) list.push_back(row.kind);
    return list;
  }();
  return kinds;
}

Schedule::Schedule(const ScheduleOptions& options) : options_(options), fall_(nullptr) {
  std::vector<std::string> known;
  for (const Row& row : kSchedules) {
    known.emplace_back(row.kind.name);
    if (row.kind.name == options.name) fall_ = row.fall;
  }
  if (fall_ == nullptr) ThrowUnknownName("schedule", options.name, known);
}

double Schedule::RateAt(int64_t step) const {
  const auto steps = static_cast<double>(options_.steps);
  const auto rising = static_cast<int64_t>(options_.warm_up * steps);
  if (step < rising) {
    return options_.highest * static_cast<double>(step + 1) / static_cast<double>(rising + 1);
  }
  const double done = static_cast<double>(step - rising) / (steps - static_cast<double>(rising));
  return options_.highest * plateau_factor_ * fall_(options_, done);
}

bool Schedule::Observe(int64_t step, double auc) {
  observed_step_ = step;
  if (auc > best_) {
    best_ = auc;
    waits_ = plateau_waits_ = 0;
    return true;
  }
  ++waits_;
  if (options_.name == "plateau" && ++plateau_waits_ >= options_.patience) {
    plateau_factor_ *= options_.factor;
    plateau_waits_ = 0;
  }
  return false;
}

Json Schedule::state() const {
  return {{"observed_step", observed_step_},
          {"best", best_},
          {"waits", waits_},
          {"plateau_waits", plateau_waits_},
          {"plateau_factor", plateau_factor_}};
}

void Schedule::Restore(const Json& state) {
  state.at("observed_step").get_to(observed_step_);
  state.at("best").get_to(best_);
  state.at("waits").get_to(waits_);
  state.at("plateau_waits").get_to(plateau_waits_);
  state.at("plateau_factor").get_to(plateau_factor_);
}

}  // namespace unmask
