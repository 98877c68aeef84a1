// FrameSource::AllowGaps() on videos: frames left out by the decoder.
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <string>
#include <utility>

#include "unmask/media/frame_source.h"
#include "unmask/media/test_media.h"

namespace unmask {
namespace {

namespace fs = std::filesystem;

using VideoGapsTest = MadeMedia;

// Compares what comes with gaps allowed with all frames. Returns how many came.
int64_t ExpectTheSameFrames(const fs::path& path) {
  const std::string name = path.filename().string();
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
  while (whole->Grab()) {
  }
  EXPECT_EQ(last + thin->left_out_at_end(), whole->index()) << name;
  EXPECT_EQ(thin->corrupt_frames(), whole->corrupt_frames()) << name;
  return frames;
}

TEST_F(VideoGapsTest, WhereGapsAreAllowedFramesKeepTheirNumbersTimesAndPixels) {
  const std::string made = "-f lavfi -i testsrc2=s=160x120:d=4:r=25 -c:v libx264 -g 50 ";
  for (const std::string name : {"clip.mp4", "clip.mkv", "clip.ts"}) {
    const int64_t frames = ExpectTheSameFrames(Make(made + "-bf 3", name));
    EXPECT_LT(frames, 70) << name;
    EXPECT_GT(frames, 40) << name;
  }
}

TEST_F(VideoGapsTest, FramesThatAreHiddenOrCutOffAreNotCounted) {
  const std::string made = "-f lavfi -i testsrc2=s=160x120:d=8:r=25 -c:v libx264 -g 75 ";
  const std::string whole = Make(made + "-bf 2 -x264-params b-pyramid=none", "whole.mp4").string();
  // An edit list hides what lies between the keyframe and the cut.
  for (const std::string start : {"4.03", "4.04", "4.08", "4.12"}) {
    const fs::path cut = Make("-ss " + start + " -i '" + whole + "' -c copy", "cut.mp4");
    EXPECT_LT(ExpectTheSameFrames(cut), 60) << start;
  }
  // Such a file has no time stamps of presentation.
  EXPECT_EQ(ExpectTheSameFrames(Make("-i '" + whole + "' -c copy -f asf", "whole.wmv")), 200);
}

TEST_F(VideoGapsTest, WhereGapsGrowTooLongAllFramesComeFromThereOn) {
  const std::string made = "-f lavfi -i testsrc2=s=160x120:d=4:r=25 -c:v libx264 -g 50 ";
  const fs::path dense = Make(made + "-bf 2", "dense.ts");
  const fs::path sparse =
      Make(made + "-bf 9 -b_strategy 0 -x264-params b-pyramid=none", "sparse.ts");
  const fs::path both =
      Make("-i 'concat:" + dense.string() + "|" + sparse.string() + "' -c copy", "both.mp4");
  const auto source = OpenMedia(both);
  source->AllowGaps(0.1);
  double last = 0, longest = 0;
  int64_t frames = 0, index = -1;
  for (; source->Grab(); ++frames) {
    if (source->time() > 5) longest = std::max(longest, source->time() - last);
    last = source->time();
    EXPECT_GT(source->index(), index);
    index = source->index();
  }
  EXPECT_LT(longest, 0.05);
  EXPECT_GT(frames, 130);
  EXPECT_LT(frames, 190);
  EXPECT_EQ(index, 199);
}

TEST_F(VideoGapsTest, TimeGoesOnWhereRecordingsWerePutTogether) {
  const std::string made = "-f lavfi -i testsrc2=s=160x120:d=4:r=25 -c:v libx264 -g 50 -bf 2 ";
  const fs::path one = Make(made, "one.ts");
  const fs::path glued = folder_.path() / "glued.ts";
  std::ofstream(glued, std::ios::binary) << std::ifstream(one, std::ios::binary).rdbuf()
                                         << std::ifstream(one, std::ios::binary).rdbuf();
  // A frame of the future, which ffmpeg has all others follow at once: their times say nothing.
  const fs::path wild = Make("-i '" + one.string() +
                                 "' -c copy -bsf:v \"setts=pts=PTS+if(eq(N\\,50)\\,1e9\\,0):"
                                 "dts=DTS+if(eq(N\\,50)\\,1e9\\,0)\"",
                             "wild.mp4");
  for (const fs::path& path : {glued, wild}) {
    for (const double gaps : {0.0, 0.1}) {
      const auto source = OpenMedia(path);
      if (gaps > 0) source->AllowGaps(gaps);
      double last = -1;
      while (source->Grab()) {
        EXPECT_GE(source->time(), last) << path;
        last = source->time();
      }
      EXPECT_EQ(source->index() + source->left_out_at_end(), path == glued ? 199 : 99) << gaps;
      if (path == glued) {
        EXPECT_NEAR(last, 7.96, 0.05);
      }
    }
  }
}

TEST_F(VideoGapsTest, TimeNeverStandsStill) {
  const std::string made = "-f lavfi -i testsrc2=s=160x120:d=4:r=25 -c:v libx264 -g 50 -bf 3 ";
  const fs::path whole = Make(made, "whole.mp4");
  const fs::path part = Make(made + "-t 0.8", "part.ts");
  const fs::path parts = folder_.path() / "parts.ts";
  std::ofstream glued(parts, std::ios::binary);
  for (int i = 0; i < 5; ++i) glued << std::ifstream(part, std::ios::binary).rdbuf();
  glued.close();
  const auto wild = [&](const std::string& seconds) {
    return Make("-i '" + whole.string() + "' -c copy -bsf:v \"setts=pts=PTS+if(eq(N\\,51)\\," +
                    seconds + "/TB\\,0)\"",
                "wild" + seconds + ".mp4");
  };
  for (const auto& [path, end] :
       {std::pair{parts, 3.96}, {wild("1.5"), 5.46}, {wild("3"), 3.96}, {wild("300"), 3.96}}) {
    for (const double gaps : {0.0, 0.1}) {
      const auto source = OpenMedia(path);
      if (gaps > 0) source->AllowGaps(gaps);
      double last = -1;
      int standing = 0;
      while (source->Grab()) {
        standing += source->time() > last ? 0 : 1;
        last = source->time();
      }
      EXPECT_EQ(source->index() + source->left_out_at_end(), 99) << path << gaps;
      EXPECT_LE(standing, path == parts ? 0 : 1) << path;  // the wild one may meet another's time
      EXPECT_NEAR(last, end, 0.2) << path << gaps;
    }
  }
}

TEST_F(VideoGapsTest, PacketsThatShowNothingAreNoFrames) {
  EXPECT_EQ(ExpectTheSameFrames(Make("-f lavfi -i testsrc2=s=160x120:d=4:r=25 -c:v libvpx "
                                     "-auto-alt-ref 1 -lag-in-frames 16 -b:v 100k",
                                     "hidden.webm")),
            100);
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
