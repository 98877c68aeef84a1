#include "unmask/media/recompress.h"

#include <gtest/gtest.h>

#include <cmath>
#include <filesystem>

#include "unmask/base/error.h"
#include "unmask/media/picture.h"

namespace unmask {
namespace {

Image Photo(int width, int height) {
  const Image photo =
      ReadPicture(std::filesystem::path(UNMASK_DEPS_DIR) / "samples" / "sample1.jpg");
  Image image(width, height);
  for (int y = 0; y < height; ++y) {
    std::copy_n(photo.row(y + 300) + size_t{3} * 500, image.row_bytes(), image.row(y));
  }
  return image;
}

// Peak signal-to-noise ratio, decibels.
double Psnr(const Image& a, const Image& b) {
  double sum = 0;
  for (size_t i = 0; i < a.data.size(); ++i) sum += std::pow(a.data[i] - b.data[i], 2);
  return 10 * std::log10(255 * 255 * static_cast<double>(a.data.size()) / sum);
}

TEST(RecompressTest, LosesMoreAtAHigherCrf) {
  const Image photo = Photo(224, 224);
  double last = 100;
  for (const int crf : {18, 29, 40}) {
    const double psnr = Psnr(photo, RecompressH264(photo, {.crf = crf}));
    EXPECT_LT(psnr, last - 1) << crf;
    EXPECT_GT(psnr, 24) << crf;
    last = psnr;
  }
}

TEST(RecompressTest, KeepsSizeAndPlaceWhateverMotionAndPhase) {
  // A picture that were displaced by a pixel would lose far more than these.
  for (const int width : {17, 63, 224}) {
    const Image photo = Photo(width, 40);
    for (const int phase : {0, 7, 15}) {
      const Image result = RecompressH264(
          photo,
          {.crf = 12, .frames = 4, .motion_x = 3, .motion_y = -8, .phase_x = phase, .phase_y = 15});
      ASSERT_EQ(result.width, width);
      ASSERT_EQ(result.height, 40);
      EXPECT_GT(Psnr(photo, result), 32) << width << ", " << phase;
    }
  }
}

TEST(RecompressTest, TheLastOfSeveralFramesIsPredicted) {
  const Image photo = Photo(96, 96);
  const Image key = RecompressH264(photo, {.crf = 30});
  const Image still = RecompressH264(photo, {.crf = 30, .frames = 3});
  const Image moving = RecompressH264(photo, {.crf = 30, .frames = 3, .motion_x = 1});
  EXPECT_NE(key.data, moving.data);
  EXPECT_NE(still.data, moving.data);
  EXPECT_EQ(moving.data, RecompressH264(photo, {.crf = 30, .frames = 3, .motion_x = 1}).data);
}

TEST(RecompressTest, WhatIsOutOfRangeIsRefused) {
  const Image photo = Photo(32, 32);
  EXPECT_THROW(RecompressH264(photo, {.crf = 52}), UsageError);
  EXPECT_THROW(RecompressH264(photo, {.frames = 0}), UsageError);
  EXPECT_THROW(RecompressH264(photo, {.motion_x = 9}), UsageError);
  EXPECT_THROW(RecompressH264(photo, {.phase_y = 16}), UsageError);
  EXPECT_THROW(RecompressH264(Image(8, 8, 1), {}), Error);
  EXPECT_THROW(RecompressH264({}, {}), Error);
}

}  // namespace
}  // namespace unmask
