#include "unmask/media/jpeg.h"

#include <gmock/gmock.h>

// jpeglib.h wants <cstdio> before it.
// clang-format off
#include <cstdio>
#include <jpeglib.h>
// clang-format on

#include <algorithm>
#include <cstdlib>
#include <cstring>
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
#include "unmask/media/picture.h"

namespace unmask {
namespace {

namespace fs = std::filesystem;
using Bytes = std::vector<uint8_t>;

const fs::path kSamples = fs::path(UNMASK_DEPS_DIR) / "samples";

Bytes Read(const fs::path& path) {
  std::ifstream stream(path, std::ios::binary);
  return {(std::istreambuf_iterator<char>(stream)), std::istreambuf_iterator<char>()};
}

// An APP1 segment with one entry: the orientation. `comment`: behind a segment with a remark.
Bytes Turned(Bytes bytes, char orientation, bool big_endian, bool comment = false) {
  std::string exif(
      "\xFF\xE1\x00\x22"
      "Exif\0\0",
      10);
  exif += big_endian ? std::string("MM\0*\0\0\0\x08\0\x01\x01\x12\0\x03\0\0\0\x01\0", 19)
                     : std::string("II*\0\x08\0\0\0\x01\0\x12\x01\x03\0\x01\0\0\0", 18);
  exif += orientation;
  exif.resize(36);
  if (comment) exif = std::string("\xFF\xFE\x00\x06note", 8) + exif;
  bytes.insert(bytes.begin() + 2, exif.begin(), exif.end());
  return bytes;
}

// In the colours of the press.
Bytes WriteCmyk() {
  jpeg_compress_struct info{};
  jpeg_error_mgr errors{};
  info.err = jpeg_std_error(&errors);
  jpeg_create_compress(&info);
  unsigned char* data = nullptr;
  unsigned long size = 0;
  jpeg_mem_dest(&info, &data, &size);
  info.image_width = info.image_height = 16;
  info.input_components = 4;
  info.in_color_space = JCS_CMYK;
  jpeg_set_defaults(&info);
  jpeg_start_compress(&info, TRUE);
  std::vector<uint8_t> row(64, 100);
  while (info.next_scanline < info.image_height) {
    JSAMPROW rows = row.data();
    jpeg_write_scanlines(&info, &rows, 1);
  }
  jpeg_finish_compress(&info);
  jpeg_destroy_compress(&info);
  const Bytes bytes(data, data + size);
  std::free(data);
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
    const Image ours = DecodeJpeg(bytes).value(), theirs = ByOpenCv(bytes);
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
      const Bytes bytes = Turned(plain, orientation, big_endian, orientation % 2 == 0);
      const Image ours = DecodeJpeg(bytes).value(), theirs = ByOpenCv(bytes);
      ASSERT_EQ(ours.width, orientation >= 5 && orientation <= 8 ? 48 : 64) << int{orientation};
      ASSERT_EQ(ours.width, theirs.width) << int{orientation};
      EXPECT_TRUE(ours.data == theirs.data) << int{orientation} << big_endian;
    }
  }
}

TEST_F(JpegTest, WhatIsMissingOfAFileThatWasCutShortIsGrey) {
  const Bytes bytes = Make("-f lavfi -i color=red:s=256x256 -q:v 2");
  const Bytes noise = Make("-f lavfi -i 'nullsrc=s=256x256,geq=random(1)*255:128:128'");
  const Image whole = DecodeJpeg(noise).value();
  const Image part = DecodeJpeg(std::span(noise).first(noise.size() / 2)).value();
  ASSERT_EQ(part.height, 256);
  EXPECT_EQ(std::memcmp(part.row(20), whole.row(20), 3 * 256), 0);
  EXPECT_THAT(Bytes(part.row(250), part.row(250) + 3 * 256),
              testing::Each(testing::AllOf(testing::Ge(120), testing::Le(136))));
  EXPECT_FALSE(DecodeJpeg(bytes).value().empty());
  // Of a picture that ends with its headers there is nothing to show.
  const Bytes start = {0xFF, 0xDA};
  const auto scan = std::search(noise.begin(), noise.end(), start.begin(), start.end());
  const auto headers = static_cast<size_t>(scan - noise.begin()) + 100;
  EXPECT_TRUE(DecodeJpeg(std::span(noise).first(headers)).value().empty());
}

TEST_F(JpegTest, LeavesThePressToOthers) {
  const Bytes bytes = WriteCmyk();
  EXPECT_EQ(StatedJpegSize(bytes).width, 16);
  EXPECT_FALSE(DecodeJpeg(bytes).has_value());
  EXPECT_EQ(DecodePicture(bytes).width, 16);
}

TEST_F(JpegTest, StatesItsSizeWhateverLiesBetweenTheSegments) {
  Bytes bytes = Make("-f lavfi -i testsrc=s=64x48");
  bytes.insert(bytes.begin() + 2, {'j', 'u', 'n', 'k'});  // a warning of libjpeg
  EXPECT_EQ(StatedJpegSize(bytes).width, 64);
  EXPECT_EQ(DecodeJpeg(bytes).value().width, 64);
}

TEST_F(JpegTest, DamageIsNoPicture) {
  EXPECT_TRUE(DecodeJpeg({}).value().empty());
  EXPECT_EQ(StatedJpegSize({}).width, 0);
  EXPECT_TRUE(DecodeJpeg(Bytes(5000, 'a')).value().empty());
  const Bytes bytes = Make("-f lavfi -i testsrc=s=64x48");
  EXPECT_TRUE(DecodeJpeg(std::span(bytes).first(20)).value().empty());
  // A second start of frame, which is fatal, behind junk, which is a warning.
  const Bytes start = {0xFF, 0xC0};
  const auto frame = std::search(bytes.begin(), bytes.end(), start.begin(), start.end());
  ASSERT_NE(frame, bytes.end());
  Bytes twice = bytes;
  const Bytes segment(frame, frame + 2 + frame[2] * 256 + frame[3]);
  const auto at =
      twice.insert(twice.begin() + (frame - bytes.begin()), segment.begin(), segment.end());
  twice.insert(at, {'j', 'u', 'n', 'k'});
  EXPECT_TRUE(DecodeJpeg(twice).value().empty());
  // Whatever a byte is turned into, there is a picture or none, and no harm.
  const Bytes turned = Turned(bytes, 6, true);
  for (size_t i = 0; i < 300 && i < turned.size(); ++i) {
    Bytes broken = turned;
    broken[i] ^= 0xFF;
    if (StatedJpegSize(broken).width > 4096 || StatedJpegSize(broken).height > 4096) continue;
    DecodeJpeg(broken);
  }
}

TEST_F(JpegTest, EndlesslyManyScansAreRefused) {
  Bytes bytes = Make("-f lavfi -i testsrc=s=64x48");
  const Bytes start = {0xFF, 0xDA};
  const auto scan = std::search(bytes.begin(), bytes.end(), start.begin(), start.end());
  ASSERT_NE(scan, bytes.end());
  Bytes progressive(bytes.begin(), scan);
  for (auto it = progressive.begin(); it + 1 != progressive.end(); ++it) {
    if (it[0] == 0xFF && it[1] == 0xC0) it[1] = 0xC2;
  }
  // The same first scan of one component's mean, again and again.
  const Bytes empty_scan = {0xFF, 0xDA, 0, 8, 1, 1, 0, 0, 0, 0x10, 0x00};
  for (int i = 0; i < 2000; ++i) {
    progressive.insert(progressive.end(), empty_scan.begin(), empty_scan.end());
  }
  progressive.insert(progressive.end(), {0xFF, 0xD9});
  EXPECT_TRUE(DecodeJpeg(progressive).value().empty());
}

}  // namespace
}  // namespace unmask
