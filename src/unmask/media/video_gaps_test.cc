// FrameSource::AllowGaps() on videos: frames left out by the decoder.
#include <gtest/gtest.h>

#include <filesystem>
#include <string>

#include "unmask/media/frame_source.h"
#include "unmask/media/test_media.h"

namespace unmask {
namespace {

namespace fs = std::filesystem;

using VideoGapsTest = MadeMedia;

TEST_F(VideoGapsTest, WhereGapsAreAllowedFramesKeepTheirNumbersTimesAndPixels) {
  const std::string made = "-f lavfi -i testsrc2=s=160x120:d=4:r=25 -c:v libx264 -g 50 ";
  for (const std::string name : {"clip.mp4", "clip.mkv", "clip.ts"}) {
    const fs::path path = Make(made + "-bf 3", name);
    const auto whole = OpenMedia(path);
    const auto thin = OpenMedia(path);
    thin->AllowGaps(0.1);
    int64_t frames = 0;
    int64_t last = -1;
    while (thin->Grab()) {
      ++frames;
      while (whole->Grab() && whole->index() < thin->index()) {
      }
      EXPECT_NEAR(thin->time(), whole->time(), 1e-6) << name;
      EXPECT_EQ(thin->Retrieve().data, whole->Retrieve().data) << name << " " << thin->index();
      EXPECT_GT(thin->index(), last);
      EXPECT_LE(thin->index(), last + 4);
      last = thin->index();
    }
    EXPECT_LT(frames, 70) << name;
    EXPECT_GT(frames, 40) << name;
    EXPECT_EQ(last + 1 + thin->left_out_at_end(), 100) << name;
    EXPECT_EQ(thin->corrupt_frames(), 0) << name;
  }
}

TEST_F(VideoGapsTest, NothingIsLeftOutWhereGapsWouldBeTooLong) {
  const std::string made = "-f lavfi -i testsrc2=s=160x120:d=2:r=25 -c:v libx264 ";
  const auto frames = [](const fs::path& path, double longest) {
    const auto source = OpenMedia(path);
    source->AllowGaps(longest);
    size_t count = 0;
    while (source->Grab()) ++count;
    return count;
  };
  // Seven frames in a row that nothing is made of.
  const fs::path sparse = Make(made + "-bf 7 -b_strategy 0 -x264-params b-pyramid=none", "a.mp4");
  EXPECT_EQ(frames(sparse, 0.1), 50u);
  EXPECT_LT(frames(sparse, 0.4), 10u);
  EXPECT_EQ(frames(Make(made + "-bf 0", "b.mp4"), 0.1), 50u);
  EXPECT_EQ(frames(Make(made + "-bf 3", "c.mp4"), 0.05), 50u);  // every second frame is wanted
  // Without time stamps it cannot be told what was left out.
  EXPECT_EQ(frames(Make(made + "-bf 3", "d.h264"), 0.1), 50u);
}

}  // namespace
}  // namespace unmask
