#include "unmask/media/frame.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <vector>

#include "unmask/base/error.h"
#include "unmask/base/random.h"
#include "unmask/base/temporary_folder.h"
#include "unmask/media/frame_source.h"
#include "unmask/media/scale.h"

namespace unmask {
namespace {

namespace fs = std::filesystem;

double MeanDifference(const Image& a, const Image& b) {
  EXPECT_EQ(a.width, b.width);
  EXPECT_EQ(a.height, b.height);
  double sum = 0;
  for (size_t i = 0; i < a.data.size(); ++i) sum += std::abs(a.data[i] - b.data[i]);
  return sum / static_cast<double>(a.data.size());
}

class FrameTest : public testing::Test {
 protected:
  // A colourful moving picture made by the ffmpeg program.
  fs::path Make(const std::string& arguments, const std::string& name) {
    const fs::path path = folder_.path() / name;
    const std::string command =
        "ffmpeg -nostdin -v error -y -f lavfi -i "
        "testsrc2=s=322x246:d=0.4:r=10,gblur=2,noise=alls=4 " +
        arguments + " '" + path.string() + "'";
    EXPECT_EQ(std::system(command.c_str()), 0) << command;
    return path;
  }

  // Parts are those of the whole, pixel for pixel, whatever was foreseen; a reduced frame looks
  // like the whole reduced.
  static void ExpectParts(FrameSource& source, const std::string& what) {
    ASSERT_TRUE(source.Grab()) << what;
    const Image whole = source.Retrieve();
    const std::unique_ptr<Frame> frame = source.Share();
    ASSERT_EQ(frame->width(), whole.width) << what;
    ASSERT_EQ(frame->height(), whole.height) << what;
    EXPECT_EQ(frame->Whole().data, whole.data) << what;
    const std::unique_ptr<Frame> image = FrameOf(whole);
    Random random(3);
    const auto any_part = [&] {
      PixelRectangle part;
      part.width = 1 + static_cast<int>(UniformInt(random, whole.width));
      part.height = 1 + static_cast<int>(UniformInt(random, whole.height));
      part.x = static_cast<int>(UniformInt(random, whole.width - part.width + 1));
      part.y = static_cast<int>(UniformInt(random, whole.height - part.height + 1));
      return part;
    };
    for (int i = 0; i < 25; ++i) {
      const PixelRectangle part = any_part();
      if (i % 3 == 1) frame->Foresee(any_part());
      if (i % 8 == 2) frame->Foresee({whole.width - 1, 0, 2, 1});  // does not lie in it
      if (i % 8 == 5) frame->Foresee({});
      EXPECT_EQ(MeanDifference(frame->Part(part), image->Part(part)), 0)
          << what << ": " << part.width << "x" << part.height << " at " << part.x << ", " << part.y;
    }
    const int width = whole.width / 2, height = whole.height / 2;
    // Dots of black and white are all edges, where two filters differ most.
    EXPECT_LT(MeanDifference(frame->Reduced(width, height), Scaled(whole, width, height)),
              what == "monow" ? 10 : 1.5)
        << what;
  }

  TemporaryFolder folder_;
};

TEST_F(FrameTest, PartsAreThoseOfTheWholeInEveryFormat) {
  for (const std::string format : {"yuv420p", "yuvj420p", "yuv422p", "yuv444p", "yuv410p",
                                   "yuv420p10le", "gray", "rgb24", "nv12", "monow"}) {
    const bool raw = format == "nv12" || format == "monow";
    const fs::path path = Make("-pix_fmt " + format + " -strict -2 -c:v " +
                                   (raw                    ? "rawvideo"
                                    : format == "yuvj420p" ? "mjpeg"
                                                           : "ffv1"),
                               "clip.nut");
    ExpectParts(*OpenMedia(path), format);
  }
  ExpectParts(*OpenMedia(Make("", "palette.gif")), "palette");
}

// Of ITU-R BT.601, limited range, in double precision; chroma lies amid four pixels and is
// interpolated between its samples.
double ReferenceColour(const std::vector<uint8_t>& planes, int width, int height, int x, int y,
                       int colour) {
  const auto chroma = [&](int plane) {
    const int columns = width / 2, rows = height / 2;
    const uint8_t* samples = planes.data() + width * height + plane * columns * rows;
    const double across = (x + 0.5) / 2 - 0.5, down = (y + 0.5) / 2 - 0.5;
    const int left = static_cast<int>(std::floor(across)), top = static_cast<int>(std::floor(down));
    double sum = 0;
    for (int i = 0; i < 4; ++i) {
      const int column = left + i % 2, row = top + i / 2;
      const double weight = (1 - std::abs(across - column)) * (1 - std::abs(down - row));
      sum += weight *
             samples[std::clamp(row, 0, rows - 1) * columns + std::clamp(column, 0, columns - 1)];
    }
    return (sum - 128) / 224;
  };
  const double luma = (planes[y * width + x] - 16) / 219.0;
  const double blue = 1.772 * chroma(0), red = 1.402 * chroma(1);
  const double value = colour == 0   ? luma + red
                       : colour == 2 ? luma + blue
                                     : luma - (0.299 * red + 0.114 * blue) / 0.587;
  return 255 * std::clamp(value, 0.0, 1.0);
}

TEST_F(FrameTest, ColoursAreThoseOfAReference) {
  const fs::path path = Make("-vf format=yuv420p,noise=c1s=30:c2s=30 -c:v ffv1", "colours.nut");
  const fs::path raw = folder_.path() / "colours.yuv";
  const std::string command = "ffmpeg -nostdin -v error -y -i '" + path.string() +
                              "' -frames:v 1 -f rawvideo '" + raw.string() + "'";
  ASSERT_EQ(std::system(command.c_str()), 0);
  std::ifstream file(raw, std::ios::binary);
  const std::vector<uint8_t> planes((std::istreambuf_iterator<char>(file)), {});
  const auto source = OpenMedia(path);
  ASSERT_TRUE(source->Grab());
  const Image image = source->Share()->Whole();
  ASSERT_EQ(planes.size(), image.data.size() / 2);
  double sum = 0;
  for (int y = 0; y < image.height; ++y) {
    for (int x = 0; x < image.width; ++x) {
      for (int c = 0; c < 3; ++c) {
        const double expected = ReferenceColour(planes, image.width, image.height, x, y, c);
        sum += std::abs(image.row(y)[3 * x + c] - expected);
      }
    }
  }
  EXPECT_LT(sum / static_cast<double>(image.data.size()), 0.4);  // a half at most by rounding
}

TEST_F(FrameTest, PartsOfTurnedAndStretchedFrames) {
  const fs::path plain = Make("-c:v libx264 -preset ultrafast -crf 5 -pix_fmt yuv420p", "clip.mp4");
  for (const std::string degrees : {"90", "180", "270"}) {
    const fs::path turned = folder_.path() / "turned.mp4";
    const std::string command = "ffmpeg -nostdin -v error -y -i '" + plain.string() +
                                "' -c copy -metadata:s:v:0 rotate=" + degrees + " '" +
                                turned.string() + "'";
    ASSERT_EQ(std::system(command.c_str()), 0);
    ExpectParts(*OpenMedia(turned), degrees);
  }
  ExpectParts(*OpenMedia(Make("-vf setsar=2/1 -c:v libx264 -pix_fmt yuv420p", "wide.mp4")), "wide");
}

TEST_F(FrameTest, OutlivesTheSource) {
  const fs::path path = Make("-c:v libx264 -preset ultrafast -pix_fmt yuv420p", "clip.mp4");
  std::vector<Image> images;
  std::vector<std::unique_ptr<Frame>> frames;
  for (auto source = OpenMedia(path); source->Grab();) {
    images.push_back(source->Retrieve());
    frames.push_back(source->Share());
  }
  ASSERT_EQ(frames.size(), 4u);
  for (size_t i = 0; i < frames.size(); ++i) EXPECT_EQ(frames[i]->Whole().data, images[i].data);
}

TEST(Frame, RefusesWhatDoesNotLieInIt) {
  const Image image(10, 6);
  const std::unique_ptr<Frame> frame = FrameOf(image);
  EXPECT_EQ(frame->Part({9, 5, 1, 1}).data.size(), 3u);
  for (const PixelRectangle part : {PixelRectangle{-1, 0, 3, 3},
                                    {0, 0, 11, 1},
                                    {9, 0, 2, 1},
                                    {0, 4, 1, 3},
                                    {3, 3, 0, 1},
                                    {2147483647, 0, 1, 1}}) {
    EXPECT_THROW(frame->Part(part), Error);
  }
  EXPECT_EQ(frame->Reduced(10, 6).data, image.data);
  EXPECT_THROW(frame->Reduced(11, 6), Error);
  EXPECT_THROW(frame->Reduced(0, 6), Error);
}

}  // namespace
}  // namespace unmask
