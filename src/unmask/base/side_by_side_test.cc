#include "unmask/base/side_by_side.h"

#include <gmock/gmock.h>

#include <atomic>
#include <chrono>
#include <functional>
#include <string>
#include <thread>
#include <vector>

#include "unmask/base/error.h"

namespace unmask {
namespace {

TEST(SideBySideTest, DoesEachNumberOnceWithWhatItsThreadMade) {
  for (const int jobs : {0, 1, 3, 50}) {
    std::atomic<int> made{0};
    std::vector<std::atomic<int>> done(20);
    RunSideBySide(jobs, done.size(), nullptr, [&] {
      ++made;
      return [&](size_t i) { ++done[i]; };
    });
    for (const std::atomic<int>& times : done) EXPECT_EQ(times, 1);
    EXPECT_LE(made, 20);
    EXPECT_LE(made, jobs > 0 ? jobs : 1000);
  }
}

TEST(SideBySideTest, TheFirstErrorEndsTheWork) {
  std::atomic<int> done{0};
  const auto run = [&] {
    RunSideBySide(2, 1000, nullptr, [&] {
      return [&](size_t i) {
        if (i == 3) throw Error("three");
        if (i > 3) std::this_thread::sleep_for(std::chrono::milliseconds(20));
        ++done;
      };
    });
  };
  EXPECT_THROW(run(), Error);
  EXPECT_LT(done, 999);
}

TEST(SideBySideTest, AThreadWithoutTheMeansLeavesTheWorkToTheOthers) {
  std::atomic<int> made{0}, done{0};
  RunSideBySide(3, 30, nullptr, [&]() -> std::function<void(size_t)> {
    if (++made > 1) return nullptr;
    return [&](size_t) { ++done; };
  });
  EXPECT_EQ(done, 30);
}

TEST(SideBySideTest, IsCancelled) {
  CancelToken cancel;
  int done = 0;
  const auto run = [&] {
    RunSideBySide(1, 10, &cancel, [&] {
      return [&](size_t) {
        if (++done == 2) cancel.Cancel();
      };
    });
  };
  EXPECT_THROW(run(), Cancelled);
  EXPECT_EQ(done, 2);
}

}  // namespace
}  // namespace unmask
