#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <malloc.h>

#include <cmath>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <vector>

#include "unmask/base/atomic_file.h"
#include "unmask/base/error.h"
#include "unmask/media/frame_source.h"
#include "unmask/media/picture.h"
#include "unmask/media/test_media.h"
#include "unmask/media/video_writer.h"

namespace unmask {
namespace {

namespace fs = std::filesystem;

class MediaTest : public MadeMedia {
 protected:
  static std::string ProblemOf(const fs::path& path, const MediaOptions& options = {}) {
    try {
      OpenMedia(path, options);
    } catch (const Error& e) {
      return e.problem();
    }
    return "";
  }
};

struct Rgb {
  int r, g, b;
};

Rgb At(const Image& image, int x, int y) {
  const uint8_t* p = image.row(y) + 3 * x;
  return {p[0], p[1], p[2]};
}

void ExpectColour(const Image& image, int x, int y, Rgb want, int tolerance) {
  const Rgb got = At(image, x, y);
  EXPECT_NEAR(got.r, want.r, tolerance) << x << "," << y;
  EXPECT_NEAR(got.g, want.g, tolerance) << x << "," << y;
  EXPECT_NEAR(got.b, want.b, tolerance) << x << "," << y;
}

Image FirstFrame(const fs::path& path) {
  auto source = OpenMedia(path);
  EXPECT_TRUE(source->Grab());
  return source->Retrieve();
}

TEST_F(MediaTest, ColoursSurviveEveryMatrixAndRange) {
  // A colour that the two matrices render differently when mistaken for each other.
  for (const std::string matrix : {"bt709", "smpte170m"}) {
    for (const std::string range : {"tv", "pc"}) {
      for (const std::string format : {"yuv420p", "yuv420p10le", "yuv444p"}) {
        const fs::path path =
            Make("-f lavfi -i color=0xC83C28:s=64x64:d=0.2 -vf scale=out_color_matrix=" + matrix +
                     ":out_range=" + range + ",format=" + format + " -color_range " + range +
                     " -colorspace " + matrix + " -c:v libx264 -crf 1",
                 "c.mkv");
        ExpectColour(FirstFrame(path), 32, 32, {0xC8, 0x3C, 0x28}, 4);
      }
    }
  }
}

TEST_F(MediaTest, PhoneClipsStandUpright) {
  // Left half red, right half blue; turned clockwise by 90°, red is on top.
  const fs::path plain = Make(
      "-f lavfi -i color=red:s=64x32:d=0.2 -vf \"drawbox=32:0:32:32:blue:fill\" -c:v libx264 -crf "
      "1",
      "plain.mp4");
  const fs::path turned =
      Make("-i '" + plain.string() + "' -c copy -metadata:s:v:0 rotate=90", "turned.mp4");
  const Image image = FirstFrame(turned);
  ASSERT_EQ(image.width, 32);
  ASSERT_EQ(image.height, 64);
  // ffmpeg's own auto-rotation is the reference.
  const Image want = FirstFrame(Make("-i '" + turned.string() + "' -frames:v 1", "reference.png"));
  ASSERT_EQ(want.width, 32);
  const Rgb top = At(want, 16, 8);
  ExpectColour(image, 16, 8, top, 6);
  ExpectColour(image, 16, 56, At(want, 16, 56), 6);
  const fs::path half =
      Make("-i '" + plain.string() + "' -c copy -metadata:s:v:0 rotate=180", "half.mp4");
  ExpectColour(FirstFrame(half), 8, 16, {0, 0, 255}, 6);
}

TEST_F(MediaTest, AnamorphicPixelsBecomeSquare) {
  auto source =
      OpenMedia(Make("-f lavfi -i testsrc=s=72x58:d=0.2 -vf setsar=2/1 -c:v libx264", "wide.mp4"));
  EXPECT_EQ(source->info().width, 144);
  EXPECT_EQ(source->info().height, 58);
}

TEST_F(MediaTest, OddSizesKeepTheirPixels) {
  auto source = OpenMedia(
      Make("-f lavfi -i testsrc=s=63x47:d=0.2,format=yuv444p -c:v libx264 -crf 1", "odd.mkv"));
  ASSERT_TRUE(source->Grab());
  const Image image = source->Retrieve();
  EXPECT_EQ(image.width, 63);
  EXPECT_EQ(image.height, 47);
}

TEST_F(MediaTest, TimesOfAVariableFrameRate) {
  // Frames at 0, 0.1, 0.2, then every 0.5 s.
  const fs::path path = Make(
      "-f lavfi -i testsrc=s=64x64:r=10:d=2.2 -vf \"select='lt(n,3)+eq(mod(n,5),0)*gte(n,3)'\" "
      "-vsync vfr -c:v libx264",
      "vfr.mp4");
  auto source = OpenMedia(path);
  std::vector<double> times;
  while (source->Grab()) times.push_back(source->time());
  const std::vector<double> want = {0, 0.1, 0.2, 0.5, 1.0, 1.5, 2.0};
  ASSERT_EQ(times.size(), want.size());
  for (size_t i = 0; i < want.size(); ++i) EXPECT_NEAR(times[i], want[i], 1e-6);
}

TEST_F(MediaTest, SizeChangesMidwayAreScaled) {
  Make("-f lavfi -i testsrc=s=64x48:d=0.4 -c:v libx264 -f mpegts", "a.ts");
  Make("-f lavfi -i testsrc=s=128x96:d=0.4 -c:v libx264 -f mpegts", "b.ts");
  const fs::path both = folder_.path() / "both.ts";
  std::ofstream(both, std::ios::binary)
      << std::ifstream(folder_.path() / "a.ts", std::ios::binary).rdbuf()
      << std::ifstream(folder_.path() / "b.ts", std::ios::binary).rdbuf();
  auto source = OpenMedia(both);
  int frames = 0;
  while (source->Grab()) {
    const Image image = source->Retrieve();
    EXPECT_EQ(image.width, 64);
    EXPECT_EQ(image.height, 48);
    ++frames;
  }
  EXPECT_GE(frames, 18);
}

TEST_F(MediaTest, AnimationsAreVideos) {
  for (const std::string name : {"a.gif", "a.webp"}) {
    const std::string codec = name == "a.webp" ? " -c:v libwebp_anim -lossless 1" : "";
    auto source = OpenMedia(Make("-f lavfi -i testsrc=s=64x48:r=10:d=1" + codec, name));
    EXPECT_FALSE(source->info().is_picture);
    int frames = 0;
    double last = 0;
    while (source->Grab()) {
      last = source->time();
      EXPECT_EQ(source->Retrieve().width, 64);
      ++frames;
    }
    EXPECT_EQ(frames, 10) << name;
    EXPECT_NEAR(last, 0.9, 0.02) << name;
  }
}

TEST_F(MediaTest, PicturesOfEveryKind) {
  for (const std::string name : {"p.jpg", "p.png", "p.webp", "p.bmp", "p.tiff", "p.mp4"}) {
    // A JPEG under a wrong name is still read.
    const std::string kind = name == "p.mp4" ? " -f image2 -c:v mjpeg" : "";
    auto source = OpenMedia(Make("-f lavfi -i color=0xC83C28:s=40x30 -frames:v 1" + kind, name));
    EXPECT_TRUE(source->info().is_picture) << name;
    ASSERT_TRUE(source->Grab());
    ExpectColour(source->Retrieve(), 20, 15, {0xC8, 0x3C, 0x28}, 5);
    EXPECT_FALSE(source->Grab());
  }
}

TEST_F(MediaTest, TransparentPixelsAreWhite) {
  const fs::path path =
      Make("-f lavfi -i color=black@0.0:s=8x8,format=rgba -frames:v 1", "clear.png");
  ExpectColour(FirstFrame(path), 4, 4, {255, 255, 255}, 0);
}

TEST_F(MediaTest, ExifOrientationIsApplied) {
  const fs::path plain = Make("-f lavfi -i color=red:s=64x32 -frames:v 1", "e.jpg");
  std::ifstream stream(plain, std::ios::binary);
  std::string bytes((std::istreambuf_iterator<char>(stream)), std::istreambuf_iterator<char>());
  // An APP1 segment with one TIFF entry: orientation 6 (turn clockwise by 90°).
  const std::string exif(
      "\xFF\xE1\x00\x22"
      "Exif\0\0"
      "MM\0*\0\0\0\x08\0\x01"
      "\x01\x12\0\x03\0\0\0\x01\0\x06\0\0\0\0\0\0",
      36);
  bytes.insert(2, exif);
  const fs::path turned = folder_.path() / "turned.jpg";
  WriteTextFile(turned, bytes);
  const Image image = ReadPicture(turned);
  EXPECT_EQ(image.width, 32);
  EXPECT_EQ(image.height, 64);
}

TEST_F(MediaTest, BadFilesAreNamedWithTheCause) {
  EXPECT_NE(ProblemOf(folder_.path() / "missing.mp4").find("no such file"), std::string::npos);
  EXPECT_NE(ProblemOf(folder_.path()).find("folder"), std::string::npos);
  WriteTextFile(folder_.path() / "empty.mp4", "");
  EXPECT_NE(ProblemOf(folder_.path() / "empty.mp4").find("empty"), std::string::npos);
  WriteTextFile(folder_.path() / "text.mp4", std::string(5000, 'a') + "\nhello, world\n");
  EXPECT_NE(ProblemOf(folder_.path() / "text.mp4").find("not a media file"), std::string::npos);
  WriteTextFile(folder_.path() / "list.m3u8", "#EXTM3U\n#EXTINF:1,\n/etc/passwd\n");
  EXPECT_NE(ProblemOf(folder_.path() / "list.m3u8"), "");
  const fs::path audio = Make("-f lavfi -i sine=d=0.5", "tone.m4a");
  EXPECT_NE(ProblemOf(audio).find("no video stream"), std::string::npos);
  const fs::path clip = Make("-f lavfi -i testsrc=d=0.5 -c:v libx264", "whole.mp4");
  fs::resize_file(clip, fs::file_size(clip) / 2);  // the index at the end is gone
  EXPECT_NE(ProblemOf(clip).find("missing"), std::string::npos);
  MediaOptions small;
  small.max_pixels = 1000;
  EXPECT_NE(
      ProblemOf(Make("-f lavfi -i testsrc=s=64x48:d=0.1", "big.mkv"), small).find("too large"),
      std::string::npos);
  EXPECT_NE(ProblemOf(Make("-f lavfi -i testsrc=s=64x48 -frames:v 1", "big.png"), small), "");
}

TEST_F(MediaTest, NamesAreNeverOptionsOrProtocols) {
  const fs::path clip = Make("-f lavfi -i testsrc=d=0.2 -c:v libx264", "x.mp4");
  for (const std::string name :
       {"-dash.mp4", "a b.mp4", "gesicht-äöü.mp4", "http:a.mp4", "%d.mp4"}) {
    fs::copy_file(clip, folder_.path() / name);
    EXPECT_EQ(ProblemOf(folder_.path() / name), "") << name;
  }
}

TEST_F(MediaTest, WriterRoundTripKeepsPicturesTimesAndAudio) {
  const fs::path tone =
      Make("-f lavfi -i testsrc=s=64x48:d=1 -f lavfi -i sine=d=1 -c:a aac", "tone.mp4");
  const fs::path path = folder_.path() / "out.mp4";
  VideoWriterOptions options;
  options.frames_per_second = 10;
  options.crf = 1;
  options.audio_from = tone;
  Image image(63, 47);  // odd: padded
  for (int y = 0; y < 47; ++y) {
    for (int x = 0; x < 63; ++x) {
      image.row(y)[3 * x] = 200;
      image.row(y)[3 * x + 1] = 60;
      image.row(y)[3 * x + 2] = 40;
    }
  }
  {
    VideoWriter writer(path, 63, 47, options);
    const std::vector<double> times = {0, 0.1, 0.4, 0.9};
    for (const double time : times) writer.Write(image, time);
    EXPECT_FALSE(fs::exists(path));
    writer.Finish();
  }
  auto source = OpenMedia(path);
  EXPECT_EQ(source->info().width, 64);
  std::vector<double> times;
  while (source->Grab()) {
    times.push_back(source->time());
    ExpectColour(source->Retrieve(), 30, 20, {200, 60, 40}, 4);
  }
  ASSERT_EQ(times.size(), 4u);
  EXPECT_NEAR(times[2], 0.4, 1e-4);
  EXPECT_EQ(std::system(("test $(ffprobe -v error -select_streams a -show_entries "
                         "stream=codec_name -of csv=p=0 '" +
                         path.string() + "') = aac")
                            .c_str()),
            0);
}

// Whatever memory held before: x264 reads some that it has not written.
TEST_F(MediaTest, TheSameFramesGiveTheSameBytes) {
  const fs::path clip = Make("-f lavfi -i mandelbrot=s=352x288 -t 2 -c:v libx264 -crf 1", "in.mp4");
  std::vector<std::string> written;
  for (const int fill : {1, 85, 170}) {
    mallopt(M_PERTURB, fill);
    const fs::path path = folder_.path() / (std::to_string(fill) + ".mp4");
    const auto source = OpenMedia(clip);
    VideoWriter writer(path, 352, 288, {.crf = 23, .threads = 1});
    while (source->Grab()) writer.Write(source->Retrieve());
    writer.Finish();
    std::ifstream file(path, std::ios::binary);
    written.emplace_back(std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>());
  }
  mallopt(M_PERTURB, 0);
  EXPECT_GT(written[0].size(), 10'000u);
  EXPECT_TRUE(written[0] == written[1]);
  EXPECT_TRUE(written[0] == written[2]);
}

TEST_F(MediaTest, AnUnfinishedVideoLeavesNothing) {
  const fs::path folder = folder_.path() / "clean";
  fs::create_directory(folder);
  {
    VideoWriter writer(folder / "half.mp4", 64, 48);
    writer.Write(Image(64, 48));
  }
  EXPECT_TRUE(fs::is_empty(folder));
  EXPECT_THROW(VideoWriter(folder / "x.gif", 64, 48), Error);
  EXPECT_THROW(VideoWriter(folder_.path() / "none" / "x.mp4", 64, 48), Error);
}

TEST_F(MediaTest, TimeStampsThatNoContainerHoldsAreNamed) {
  VideoWriter writer(folder_.path() / "long.mp4", 64, 48);
  writer.Write(Image(64, 48), 0);
  writer.Write(Image(64, 48), 3600);
  for (const double time : {1e8, 1e300, std::nan("")}) {
    try {
      writer.Write(Image(64, 48), time);
      FAIL() << time;
    } catch (const Error& e) {
      EXPECT_THAT(e.remedy(), testing::HasSubstr("time stamps"));
    }
  }
  writer.Finish();
}

TEST_F(MediaTest, PicturesAreWrittenByExtension) {
  Image image(16, 16);
  for (auto& value : image.data) value = 77;
  for (const std::string name : {"o.png", "o.jpg", "o.webp", "o.bmp", "o.tiff"}) {
    WritePicture(folder_.path() / name, image);
    ExpectColour(ReadPicture(folder_.path() / name), 8, 8, {77, 77, 77}, 2);
  }
  EXPECT_THROW(WritePicture(folder_.path() / "o.xyz", image), Error);
}

TEST_F(MediaTest, FoldersExpandSorted) {
  fs::create_directory(folder_.path() / "sub");
  for (const std::string name : {"b.mp4", "a.jpg", "notes.txt", ".hidden.mp4", "sub/c.WEBM"}) {
    WriteTextFile(folder_.path() / name, "x");
  }
  const std::vector<fs::path> want = {folder_.path() / "a.jpg", folder_.path() / "b.mp4",
                                      folder_.path() / "sub/c.WEBM"};
  EXPECT_EQ(ExpandMedia({folder_.path()}), want);
  fs::create_directory(folder_.path() / "empty");
  EXPECT_THROW(ExpandMedia({folder_.path() / "empty"}), Error);
}

}  // namespace
}  // namespace unmask
