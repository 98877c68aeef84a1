// What is left of videos that are cut short or damaged.
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <string>
#include <utility>
#include <vector>

#include "unmask/media/frame_source.h"
#include "unmask/media/test_media.h"

namespace unmask {
namespace {

namespace fs = std::filesystem;

using DamagedVideoTest = MadeMedia;

TEST_F(DamagedVideoTest, CorruptFramesAreCountedNotFatal) {
  const fs::path path =
      Make("-f lavfi -i testsrc2=s=320x240:d=4 -c:v libx264 -g 25 -f mpegts", "broken.ts");
  std::fstream file(path, std::ios::in | std::ios::out | std::ios::binary);
  const auto size = static_cast<int64_t>(fs::file_size(path));
  file.seekp(size / 3);
  for (int64_t i = 0; i < size / 4; ++i) file.put(static_cast<char>(i * 37 + i / 13));
  file.close();
  auto source = OpenMedia(path);
  int frames = 0;
  while (source->Grab()) ++frames;
  EXPECT_GT(frames, 20);
  EXPECT_LT(frames, 100);
  EXPECT_GT(source->corrupt_frames(), 0);
}

TEST_F(DamagedVideoTest, WhatAMatroskaFileIsTooShortForIsCounted) {
  const std::string pictures = "-f lavfi -i testsrc2=s=320x240:d=4 ";
  const std::string sound = "-f lavfi -i sine=d=4 ";
  for (const auto& [arguments, name] : std::vector<std::pair<std::string, std::string>>{
           {pictures + "-c:v libx264", "cut.mkv"},
           {pictures + sound + "-c:v libx264", "with-sound.mkv"},
           {pictures + "-c:v libvpx -deadline realtime", "cut.webm"}}) {
    const fs::path path = Make(arguments, name);
    fs::resize_file(path, fs::file_size(path) / 2);
    auto source = OpenMedia(path);
    int frames = 0;
    while (source->Grab()) ++frames;
    EXPECT_GT(frames, 10) << name;
    EXPECT_LT(frames, 90) << name;
    // Of the last that is there, those that are shown before it may be missing.
    EXPECT_NEAR(static_cast<double>(frames + source->corrupt_frames()), 100, 5) << name;
  }
}

TEST_F(DamagedVideoTest, WholeFilesLackNothing) {
  const fs::path subtitles = folder_.path() / "late.srt";
  std::ofstream(subtitles) << "1\n00:00:01,000 --> 00:00:59,000\nhello\n";
  const std::string pictures = "-f lavfi -i testsrc2=s=320x240:d=2 ";
  for (const auto& [arguments, name] : std::vector<std::pair<std::string, std::string>>{
           {pictures + "-f lavfi -i sine=d=8 -c:v libx264", "sound.mkv"},
           {pictures + "-f lavfi -i sine=d=8 -c:v libx264", "sound.flv"},
           {pictures + "-metadata:s:v DURATION=00:00:08 -c:v libtheora", "tag.ogv"},
           {pictures + "-i '" + subtitles.string() + "' -c:v libx264 -c:s srt", "words.mkv"},
           {"-f lavfi -i testsrc2=s=320x240:r=1/10:d=50 -c:v libx264", "slow.mkv"},
           {pictures + "-c:v libx264 -f asf", "reordered.wmv"}}) {
    auto source = OpenMedia(Make(arguments, name));
    int frames = 0;
    while (source->Grab()) ++frames;
    EXPECT_EQ(frames, name == "slow.mkv" ? 5 : 50) << name;
    EXPECT_EQ(source->corrupt_frames(), 0) << name;
  }
}

TEST_F(DamagedVideoTest, WhatAnMp4IsTooShortForIsCounted) {
  const fs::path path =
      Make("-f lavfi -i testsrc2=s=320x240:d=4 -c:v libx264 -movflags +faststart", "short.mp4");
  fs::resize_file(path, fs::file_size(path) / 2);
  auto source = OpenMedia(path);
  int frames = 0;
  while (source->Grab()) ++frames;
  EXPECT_GT(frames, 10);
  EXPECT_NEAR(static_cast<double>(frames + source->corrupt_frames()), 100, 1);
}

// Several threads hold sound frames while another's fails.
TEST_F(DamagedVideoTest, DamagedFramesAtTheEndTakeNoOthersWithThem) {
  const fs::path path =
      Make("-f lavfi -i testsrc2=s=320x240:d=2 -c:v libx264 -g 1 -bf 0 -movflags +faststart",
           "last.mp4");
  std::fstream file(path, std::ios::in | std::ios::out | std::ios::binary);
  const auto size = static_cast<int64_t>(fs::file_size(path));
  file.seekp(size - size / 20);  // of the last of 50 frames, and of those before it
  for (int64_t i = 0; i < size / 20; ++i) file.put(static_cast<char>(0xff));
  file.close();
  for (const int threads : {1, 0}) {
    auto source = OpenMedia(path, {.threads = threads});
    int frames = 0;
    while (source->Grab()) ++frames;
    EXPECT_GT(frames, 40) << threads;
    EXPECT_LT(frames, 50) << threads;
    EXPECT_EQ(frames + source->corrupt_frames(), 50) << threads;
  }
}

TEST_F(DamagedVideoTest, OtherVideosAreCounted) {
  const auto others = [](const fs::path& path) {
    const auto source = OpenMedia(path);
    while (source->Grab()) {
    }
    return source->other_videos();
  };
  const std::string made = "-f lavfi -i testsrc2=s=160x120:d=1 -c:v libx264 ";
  const fs::path one = Make(made, "one.mp4");
  EXPECT_EQ(others(one), 0);
  const std::string twice = "-i '" + one.string() + "' -i '" + one.string() + "' -map 0 -map 1 ";
  for (const std::string name : {"two.mp4", "two.mkv", "two.ts"}) {
    EXPECT_EQ(others(Make(twice + "-c copy", name)), 1) << name;
  }
  // A picture of the cover is no video.
  EXPECT_EQ(
      others(Make(twice + "-c:v:0 copy -c:v:1 png -frames:v:1 1 -disposition:v:1 attached_pic",
                  "cover.mp4")),
      0);
  // A recording behind the end of the first, under another number.
  const fs::path first = Make(made + "-mpegts_start_pid 256", "first.ts");
  const fs::path second = Make(made + "-mpegts_start_pid 512", "second.ts");
  std::ofstream(first, std::ios::binary | std::ios::app)
      << std::ifstream(second, std::ios::binary).rdbuf();
  EXPECT_EQ(others(first), 1);
}

}  // namespace
}  // namespace unmask
