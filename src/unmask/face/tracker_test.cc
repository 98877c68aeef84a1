#include "unmask/face/tracker.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <functional>
#include <numeric>

#include "unmask/base/error.h"
#include "unmask/base/random.h"
#include "unmask/face/assignment.h"

namespace unmask {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using testing::UnorderedElementsAre;

Box At(double x, double y, double size = 100) {
  return {static_cast<float>(x - size / 2), static_cast<float>(y - size / 2),
          static_cast<float>(x + size / 2), static_cast<float>(y + size / 2)};
}

double TotalOf(const std::vector<std::vector<double>>& weights, const std::vector<int>& columns) {
  double total = 0;
  for (size_t i = 0; i < columns.size(); ++i) {
    if (columns[i] >= 0) total += weights[i][columns[i]];
  }
  return total;
}

// The best total over all assignments, by trying them.
double BestTotal(const std::vector<std::vector<double>>& weights, size_t row,
                 std::vector<bool>& used) {
  if (row == weights.size()) return 0;
  double best = BestTotal(weights, row + 1, used);
  for (size_t j = 0; j < used.size(); ++j) {
    if (used[j]) continue;
    used[j] = true;
    best = std::max(best, weights[row][j] + BestTotal(weights, row + 1, used));
    used[j] = false;
  }
  return best;
}

TEST(Assignment, IsTheBestOfAll) {
  Random random(5);
  for (int round = 0; round < 300; ++round) {
    const size_t rows = 1 + UniformInt(random, 5);
    const size_t columns = 1 + UniformInt(random, 5);
    std::vector<std::vector<double>> weights(rows, std::vector<double>(columns));
    for (auto& row : weights) {
      for (double& w : row) w = Chance(random, 0.4) ? 0 : Uniform(random, 0, 1);
    }
    const std::vector<int> found = MaximalAssignment(weights);
    std::vector<int> columns_used;
    for (size_t i = 0; i < rows; ++i) {
      if (found[i] < 0) continue;
      columns_used.push_back(found[i]);
      EXPECT_GT(weights[i][found[i]], 0);
    }
    std::sort(columns_used.begin(), columns_used.end());
    EXPECT_EQ(std::adjacent_find(columns_used.begin(), columns_used.end()), columns_used.end());
    std::vector<bool> used(columns);
    EXPECT_NEAR(TotalOf(weights, found), BestTotal(weights, 0, used), 1e-9);
  }
  EXPECT_THAT(MaximalAssignment({}), IsEmpty());
  EXPECT_THAT(MaximalAssignment({{}, {}}), ElementsAre(-1, -1));
}

TEST(Assignment, GreedyWouldLose) {
  // Greedy takes 0.9 and leaves nothing for the second row: 0.9 against 0.8 + 0.7.
  EXPECT_THAT(MaximalAssignment({{0.9, 0.8}, {0.7, 0.0}}), ElementsAre(1, 0));
}

TEST(Tracker, OptimalNotGreedy) {
  IouTracker tracker({.min_iou = 0.1, .max_gap = 1, .min_detections = 1});
  EXPECT_THAT(tracker.Update(0, {At(0, 0), At(60, 0)}), ElementsAre(1, 2));
  // The first new box is nearest to track 2, yet only it can continue track 1.
  EXPECT_THAT(tracker.Update(0, {At(40, 0), At(115, 0)}), ElementsAre(1, 2));
}

TEST(Tracker, FollowsAMovingFace) {
  IouTracker tracker;
  for (int i = 0; i < 30; ++i) {
    EXPECT_THAT(tracker.Update(0.1 * i, {At(100 + 25 * i, 200 + 10 * i)}), ElementsAre(1)) << i;
  }
  EXPECT_THAT(tracker.TakeEnded(), IsEmpty());
}

TEST(Tracker, PeoplePassingEachOtherKeepTheirNumbers) {
  // They swap sides at the same height, one hidden behind the other for a moment or not at all.
  for (const bool hidden : {false, true}) {
    IouTracker tracker;
    std::vector<int> last;
    for (int i = 0; i <= 20; ++i) {
      const Box left = At(100 + 20 * i, 100);
      const Box right = At(500 - 20 * i, 110);
      const bool meet = hidden && i == 10;
      last = tracker.Update(0.1 * i, meet ? std::vector{left} : std::vector{left, right});
      EXPECT_EQ(last[0], 1) << i;
      if (!meet) {
        EXPECT_EQ(last[1], 2) << i;
      }
    }
    tracker.EndAll();
    EXPECT_THAT(tracker.TakeEnded(), UnorderedElementsAre(1, 2));
  }
}

TEST(Tracker, ASuddenTurnIsFollowed) {
  IouTracker tracker;
  for (int i = 0; i < 6; ++i) tracker.Update(0.1 * i, {At(400 - 30 * i, 0)});
  // By its motion the face would be at x = 220; it overlaps the last box (250) alone.
  EXPECT_THAT(tracker.Update(0.6, {At(295, 0)}), ElementsAre(1));
}

TEST(Tracker, CrossingAtAnAngle) {
  IouTracker tracker;
  for (int i = 0; i <= 20; ++i) {
    EXPECT_THAT(tracker.Update(0.1 * i, {At(100 + 20 * i, 300 - 13 * i), At(500 - 20 * i, 150)}),
                ElementsAre(1, 2))
        << i;
  }
}

TEST(Tracker, TheOrderOfTheBoxesDoesNotMatter) {
  IouTracker tracker;
  EXPECT_THAT(tracker.Update(0, {At(0, 0), At(300, 0)}), ElementsAre(1, 2));
  EXPECT_THAT(tracker.Update(0.1, {At(305, 0), At(5, 0)}), ElementsAre(2, 1));
}

TEST(Tracker, LeavingEndsATrackAfterTheGap) {
  IouTracker tracker({.min_iou = 0.3, .max_gap = 0.5, .min_detections = 2});
  tracker.Update(0.0, {At(0, 0), At(300, 0)});
  for (int i = 1; i <= 5; ++i) {
    tracker.Update(0.1 * i, {At(0, 0)});
    EXPECT_THAT(tracker.TakeEnded(), IsEmpty()) << i;
  }
  tracker.Update(0.6, {At(0, 0)});
  EXPECT_THAT(tracker.TakeEnded(), ElementsAre(2));
  EXPECT_THAT(tracker.TakeEnded(), IsEmpty());
}

TEST(Tracker, AShortGapIsBridgedALongOneIsNot) {
  IouTracker tracker;
  EXPECT_THAT(tracker.Update(0.0, {At(0, 0)}), ElementsAre(1));
  for (int i = 1; i < 5; ++i) tracker.Update(0.1 * i, {});
  EXPECT_THAT(tracker.Update(0.5, {At(5, 0)}), ElementsAre(1));
  for (int i = 6; i < 12; ++i) tracker.Update(0.1 * i, {});
  EXPECT_THAT(tracker.Update(1.2, {At(5, 0)}), ElementsAre(2));
  EXPECT_THAT(tracker.TakeEnded(), ElementsAre(1));
}

TEST(Tracker, AJumpStartsANewTrack) {
  IouTracker tracker;
  EXPECT_THAT(tracker.Update(0.0, {At(0, 0)}), ElementsAre(1));
  EXPECT_THAT(tracker.Update(0.1, {At(400, 0)}), ElementsAre(2));
  // The same place, another size: a face that is suddenly three times as large is another.
  EXPECT_THAT(tracker.Update(0.2, {At(400, 0, 300)}), ElementsAre(3));
}

TEST(Tracker, ACutEndsEverything) {
  IouTracker tracker;
  tracker.Update(0.0, {At(0, 0), At(300, 0)});
  tracker.EndAll();
  EXPECT_THAT(tracker.TakeEnded(), ElementsAre(1, 2));
  EXPECT_THAT(tracker.Update(0.1, {At(0, 0), At(300, 0)}), ElementsAre(3, 4));
}

TEST(Tracker, SlowFrameRatesStillMakeTracks) {
  IouTracker tracker;  // frames 2 s apart, a gap of 0.5 s
  for (int i = 0; i < 5; ++i) EXPECT_THAT(tracker.Update(2.0 * i, {At(3 * i, 0)}), ElementsAre(1));
}

TEST(Tracker, JitterDoesNotThrowATrackOff) {
  IouTracker tracker;
  Random random(6);
  for (int i = 0; i < 200; ++i) {
    const Box box = At(Normal(random, 0, 8), Normal(random, 0, 8), Uniform(random, 90, 110));
    EXPECT_THAT(tracker.Update(0.04 * i, {box}), ElementsAre(1)) << i;
  }
}

TEST(Tracker, OptionsAreChecked) {
  EXPECT_THROW(IouTracker({.min_iou = 0}), UsageError);
  EXPECT_THROW(IouTracker({.max_gap = -1}), UsageError);
  EXPECT_THROW(IouTracker({.min_detections = 0}), UsageError);
}

}  // namespace
}  // namespace unmask
