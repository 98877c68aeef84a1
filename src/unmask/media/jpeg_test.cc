#include "unmask/media/jpeg.h"

#include <gmock/gmock.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <opencv2/imgcodecs.hpp>
#include <opencv2/imgproc.hpp>
#include <string>
#include <vector>

#include "unmask/base/temporary_folder.h"
#include "unmask/media/opencv_codecs.h"
#include "unmask/media/opencv_view.h"

namespace unmask {
namespace {

namespace fs = std::filesystem;
using Bytes = std::vector<uint8_t>;

const fs::path kSamples = fs::path(UNMASK_DEPS_DIR) / "samples";

Bytes Read(const fs::path& path) {
  std::ifstream stream(path, std::ios::binary);
  return {(std::istreambuf_iterator<char>(stream)), std::istreambuf_iterator<char>()};
}

// An APP1 segment with one entry: the orientation.
Bytes Turned(Bytes bytes, char orientation, bool big_endian) {
  std::string exif(
      "\xFF\xE1\x00\x22"
      "Exif\0\0",
      10);
  exif += big_endian ? std::string("MM\0*\0\0\0\x08\0\x01\x01\x12\0\x03\0\0\0\x01\0", 19)
                     : std::string("II*\0\x08\0\0\0\x01\0\x12\x01\x03\0\x01\0\0\0", 18);
  exif += orientation;
  exif.resize(36);
  bytes.insert(bytes.begin() + 2, exif.begin(), exif.end());
  return bytes;
}

Image ByOpenCv(const Bytes& bytes) {
  const cv::Mat bgr = LazyImdecode(bytes, cv::IMREAD_COLOR);
  Image image(bgr.cols, bgr.rows);
  cv::Mat target = ViewOf(image);
  cv::cvtColor(bgr, target, cv::COLOR_BGR2RGB);
  return image;
}

class JpegTest : public testing::Test {
 protected:
  Bytes Make(const std::string& arguments) const {
    const fs::path path = folder_.path() / "made.jpg";
    const std::string command =
        "ffmpeg -nostdin -v error -y " + arguments + " -frames:v 1 '" + path.string() + "'";
    EXPECT_EQ(std::system(command.c_str()), 0) << command;
    return Read(path);
  }

  TemporaryFolder folder_;
};

TEST_F(JpegTest, GivesThePixelsThatOpenCvGives) {
  std::vector<Bytes> pictures = {Read(kSamples / "suit.jpg"), Read(kSamples / "sample1.jpg")};
  for (const char* format : {"yuvj420p", "yuvj422p", "yuvj444p", "gray"}) {
    pictures.push_back(Make(std::string("-f lavfi -i testsrc=s=97x53 -pix_fmt ") + format));
  }
  for (const Bytes& bytes : pictures) {
    const Image ours = DecodeJpeg(bytes), theirs = ByOpenCv(bytes);
    ASSERT_EQ(ours.width, theirs.width);
    ASSERT_EQ(ours.height, theirs.height);
    EXPECT_TRUE(ours.data == theirs.data);
    EXPECT_EQ(StatedJpegSize(bytes).width, ours.width);
    EXPECT_EQ(StatedJpegSize(bytes).height, ours.height);
  }
}

TEST_F(JpegTest, StandsUprightAsOpenCvHasIt) {
  const Bytes plain = Make("-f lavfi -i testsrc=s=64x48");
  for (char orientation = 0; orientation <= 9; ++orientation) {
    for (const bool big_endian : {true, false}) {
      const Bytes bytes = Turned(plain, orientation, big_endian);
      const Image ours = DecodeJpeg(bytes), theirs = ByOpenCv(bytes);
      ASSERT_EQ(ours.width, theirs.width) << int{orientation};
      EXPECT_TRUE(ours.data == theirs.data) << int{orientation} << big_endian;
    }
  }
}

TEST_F(JpegTest, LeavesAloneWhatItCannotRead) {
  EXPECT_TRUE(DecodeJpeg({}).empty());
  EXPECT_EQ(StatedJpegSize({}).width, 0);
  const Bytes text(5000, 'a');
  EXPECT_TRUE(DecodeJpeg(text).empty());
  Bytes bytes = Make("-f lavfi -i testsrc=s=64x48");
  EXPECT_FALSE(DecodeJpeg(std::span(bytes).first(bytes.size() * 2 / 3)).empty());  // cut short
  EXPECT_TRUE(DecodeJpeg(std::span(bytes).first(20)).empty());
  // Whatever a byte is turned into, there is a picture or none, and no harm.
  const Bytes turned = Turned(bytes, 6, true);
  for (size_t i = 0; i < 300 && i < turned.size(); ++i) {
    Bytes broken = turned;
    broken[i] ^= 0xFF;
    if (StatedJpegSize(broken).width > 4096 || StatedJpegSize(broken).height > 4096) continue;
    DecodeJpeg(broken);
  }
}

}  // namespace
}  // namespace unmask
