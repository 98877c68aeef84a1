// What is left of videos that are cut short or damaged.
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

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

TEST_F(DamagedVideoTest, ATruncatedMatroskaGivesWhatItHas) {
  const fs::path path = Make("-f lavfi -i testsrc2=s=320x240:d=4 -c:v libx264", "cut.mkv");
  fs::resize_file(path, fs::file_size(path) / 2);
  auto source = OpenMedia(path);
  int frames = 0;
  while (source->Grab()) ++frames;
  EXPECT_GT(frames, 10);
  EXPECT_LT(frames, 100);
  EXPECT_NEAR(static_cast<double>(frames + source->corrupt_frames()), 100, 2);
}

// A long sound track is no missing picture.
TEST_F(DamagedVideoTest, AVideoShorterThanItsSoundIsWhole) {
  const fs::path path =
      Make("-f lavfi -i testsrc2=s=320x240:d=2 -f lavfi -i sine=d=8 -c:v libx264", "sound.mkv");
  auto source = OpenMedia(path);
  int frames = 0;
  while (source->Grab()) ++frames;
  EXPECT_EQ(frames, 50);
  EXPECT_EQ(source->corrupt_frames(), 0);
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

}  // namespace
}  // namespace unmask
