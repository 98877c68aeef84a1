#include "unmask/face/frame_sampler.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <vector>

#include "unmask/base/random.h"

namespace unmask {
namespace {

MediaInfo Clip(double seconds) {
  MediaInfo info;
  info.duration = seconds;
  return info;
}

// A noisy grey wall with a bright square at (x, 40).
Image View(int x, uint64_t seed) {
  Image view(192, 108);
  Random random(seed);
  for (uint8_t& value : view.data) value = static_cast<uint8_t>(100 + UniformInt(random, 6));
  for (int row = 40; row < 60; ++row) {
    for (int column = 0; column < 20; ++column) view.row(row)[3 * (x + column) + 1] = 220;
  }
  return view;
}

// The frames of a clip of `fps` that are searched; `x_at`: where the square is in frame i.
template <typename Place>
std::vector<int> Searched(FrameSampler& sampler, int frames, double fps, Place x_at,
                          const FrameSamplerOptions& options = {}) {
  MovementFilter filter(sampler, options);
  std::vector<int> searched;
  for (int i = 0; i < frames; ++i) {
    const double time = i / fps;
    if (sampler.Due(time, i) &&
        filter.Wanted(View(x_at(i), static_cast<uint64_t>(i)), sampler.steady())) {
      searched.push_back(i);
    }
  }
  return searched;
}

TEST(FrameSampler, TakesASteadyPictureLessOften) {
  FrameSampler still(Clip(60), {});
  const std::vector<int> few = Searched(still, 300, 25, [](int) { return 50; });
  ASSERT_NEAR(static_cast<double>(few.size()), 12 / 0.3, 1);
  for (size_t i = 1; i < few.size(); ++i) {
    EXPECT_LE(few[i] - few[i - 1], 8);  // 0.3 s, up to a frame
  }
  FrameSampler moving(Clip(60), {});  // six pixels of the view, a third of the square, at a time
  EXPECT_NEAR(
      static_cast<double>(Searched(moving, 300, 25, [](int i) { return i * 7 / 3 % 150; }).size()),
      120, 2);
}

TEST(FrameSampler, LooksAtFramesWhoseTimeStandsStill) {
  for (const double step : {0.0, 1.0 / 90000}) {
    FrameSampler sampler(Clip(60), {});
    int due = 0, steady = 0;
    for (int i = 0; i < 1500; ++i) {
      if (!sampler.Due(2 + step * i, i)) continue;
      ++due;
      steady += sampler.steady() ? 1 : 0;
    }
    EXPECT_NEAR(due, 1500 / 11, 2) << step;
    EXPECT_EQ(steady, due) << step;
  }
}

TEST(FrameSampler, SeesWhatChangesAtOnce) {
  FrameSampler sampler(Clip(60), {});
  const std::vector<int> searched =
      Searched(sampler, 100, 10, [](int i) { return i < 49 ? 20 : 120; });
  EXPECT_EQ(std::count(searched.begin(), searched.end(), 49), 1);
  EXPECT_LT(searched.size(), 40u);
}

TEST(FrameSampler, TheSteadyOnesAreTheSameWhateverMoves) {
  const auto steady = [](bool thorough, auto x_at) {
    FrameSampler sampler(Clip(60), {});
    MovementFilter filter(sampler, {.thorough = thorough});
    std::vector<int> frames;
    for (int i = 0; i < 300; ++i) {
      if (!sampler.Due(i / 25.0, i)) continue;
      const bool wanted = filter.Wanted(View(x_at(i), static_cast<uint64_t>(i)), sampler.steady());
      EXPECT_TRUE(wanted || !(thorough || sampler.steady()));
      if (sampler.steady()) frames.push_back(i);
    }
    return frames;
  };
  const auto still = [](int) { return 50; };
  const auto moving = [](int i) { return i * 7 / 3 % 150; };
  const std::vector<int> frames = steady(false, still);
  EXPECT_EQ(frames[0], 0);
  EXPECT_NEAR(static_cast<double>(frames.size()), 12 / 0.3, 1);
  EXPECT_EQ(steady(false, moving), frames);
  EXPECT_EQ(steady(true, still), frames);
}

TEST(FrameSampler, LeavesEnoughToChooseFrom) {
  for (const double fps : {2.0, 5.0, 7.5, 8.33, 25.0}) {
    for (const double seconds : {4.0, 8.0, 15.0, 30.0}) {
      FrameSampler sampler(Clip(seconds), {.least_frames = 40});
      const int frames = static_cast<int>(seconds * fps);
      const std::vector<int> searched = Searched(sampler, frames, fps, [](int) { return 50; });
      EXPECT_GE(static_cast<int>(searched.size()), std::min(frames, 40)) << seconds << " " << fps;
    }
    // At the steady rate as far as the frames allow.
    FrameSampler sampler(Clip(60), {});
    int steady = 0;
    for (int i = 0; i < static_cast<int>(60 * fps); ++i) {
      steady += sampler.Due(i / fps, i) && sampler.steady() ? 1 : 0;
    }
    EXPECT_NEAR(steady, 60 * std::min(fps, 1 / sampler.steady_interval()), 4) << fps;
  }
}

TEST(FrameSampler, TakesAllOfPicturesShortClipsAndOnRequest) {
  const auto all = [](const MediaInfo& info, const FrameSamplerOptions& options) {
    FrameSampler sampler(info, options);
    return Searched(
               sampler, 50, 25, [](int) { return 50; }, options)
        .size();
  };
  EXPECT_EQ(all(Clip(2), {}), 50u);
  EXPECT_EQ(all(Clip(60), {.fps = 0}), 50u);
  MediaInfo picture;
  picture.is_picture = true;
  EXPECT_EQ(all(picture, {}), 50u);
  // Ten a second where the length is not known, or on request.
  EXPECT_NEAR(static_cast<double>(all(Clip(0), {})), 20, 1);
  EXPECT_NEAR(static_cast<double>(all(Clip(60), {.steady_fps = 0})), 20, 1);
}

TEST(FrameSampler, SearchesAtTheSteadyRateWhereAllFacesAreWanted) {
  for (const double seconds : {0.0, 60.0}) {  // 0: not known
    FrameSampler sampler(Clip(seconds), {.least_frames = 0});
    EXPECT_NEAR(sampler.steady_interval(), 0.3, 1e-9);
    int due = 0, steady = 0, candidates = 0;
    for (int i = 0; i < 300; ++i) {
      if (!sampler.Due(i / 25.0, i)) continue;
      ++due;
      steady += sampler.steady() ? 1 : 0;
      candidates += sampler.candidate() ? 1 : 0;
    }
    EXPECT_NEAR(due, 120, 1);
    EXPECT_NEAR(steady, 40, 1);
    EXPECT_EQ(candidates, due);
  }
}

TEST(FrameSampler, OnlySteadyFramesAreCandidatesOtherwise) {
  FrameSampler sampler(Clip(60), {});
  for (int i = 0; i < 300; ++i) {
    if (!sampler.Due(i / 25.0, i)) continue;
    EXPECT_EQ(sampler.candidate(), sampler.steady()) << i;
  }
}

// Who appears at a cut would be seen once before the next one, and taken for noise.
TEST(FrameSampler, TakesTheFrameBehindACutToo) {
  FrameSampler sampler(Clip(60), {});
  MovementFilter filter(sampler, {});
  std::vector<int> searched;
  for (int i = 0; i < 40; ++i) {
    Image view = View(50, static_cast<uint64_t>(i));
    if (i / 10 % 2 == 1) {
      for (uint8_t& value : view.data) value = static_cast<uint8_t>(value / 2);
    }
    const bool due = sampler.Due(i / 10.0, i);
    if (due && filter.Wanted(view, false)) searched.push_back(i);
  }
  EXPECT_EQ(searched, (std::vector<int>{0, 1, 10, 11, 20, 21, 30, 31}));
}

}  // namespace
}  // namespace unmask
