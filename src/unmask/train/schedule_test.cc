#include "unmask/train/schedule.h"

#include <gtest/gtest.h>

#include <cmath>
#include <nlohmann/json.hpp>
#include <numbers>

#include "unmask/base/error.h"

namespace unmask {
namespace {

Schedule Make(const std::string& name) {
  return Schedule({.name = name, .steps = 110, .highest = 2.0, .warm_up = 0.1, .patience = 2});
}

TEST(ScheduleTest, EveryRowRisesDuringTheWarmUp) {
  for (const ScheduleKind& kind : Schedules()) {
    const Schedule schedule = Make(std::string(kind.name));
    EXPECT_NEAR(schedule.RateAt(0), 2.0 / 12, 1e-12) << kind.name;
    EXPECT_NEAR(schedule.RateAt(10), 2.0 * 11 / 12, 1e-12) << kind.name;
    EXPECT_NEAR(schedule.RateAt(11), 2.0, 1e-12) << kind.name;
  }
  EXPECT_THROW(Make("cosin"), UsageError);
}

TEST(ScheduleTest, CosineFallsToZero) {
  const Schedule schedule = Make("cosine");
  EXPECT_NEAR(schedule.RateAt(11 + 33), 1 + std::cos(std::numbers::pi / 3), 1e-12);
  EXPECT_GT(schedule.RateAt(109), 0);
  EXPECT_LT(schedule.RateAt(109), 0.001);
  EXPECT_EQ(Schedule({.steps = 1, .highest = 2}).RateAt(0), 2.0);
}

TEST(ScheduleTest, StepFallsAtItsMilestones) {
  const Schedule schedule = Make("step");  // at 30, 60 and 90 % of the 99 steps behind the warm-up
  EXPECT_NEAR(schedule.RateAt(11 + 29), 2.0, 1e-12);
  EXPECT_NEAR(schedule.RateAt(11 + 30), 0.2, 1e-12);
  EXPECT_NEAR(schedule.RateAt(11 + 60), 0.02, 1e-12);
  EXPECT_NEAR(schedule.RateAt(109), 0.002, 1e-12);
  EXPECT_NEAR(Make("constant").RateAt(109), 2.0, 1e-12);
}

TEST(ScheduleTest, PlateauFallsWhenValidationNoLongerImproves) {
  Schedule schedule = Make("plateau");
  EXPECT_TRUE(schedule.Observe(10, 0.7));
  EXPECT_FALSE(schedule.Observe(20, 0.6));
  EXPECT_NEAR(schedule.RateAt(50), 2.0, 1e-12);
  EXPECT_FALSE(schedule.Observe(30, 0.7));
  EXPECT_NEAR(schedule.RateAt(50), 0.2, 1e-12);
  EXPECT_EQ(schedule.waits(), 2);
  EXPECT_TRUE(schedule.Observe(40, 0.8));
  EXPECT_EQ(schedule.waits(), 0);
  EXPECT_EQ(schedule.observed_step(), 40);

  Schedule resumed = Make("plateau");
  resumed.Restore(schedule.state());
  EXPECT_EQ(resumed.RateAt(50), schedule.RateAt(50));
  EXPECT_FALSE(resumed.Observe(50, 0.75));
}

}  // namespace
}  // namespace unmask
