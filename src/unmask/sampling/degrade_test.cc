#include "unmask/sampling/degrade.h"

#include <gtest/gtest.h>

#include <cmath>
#include <filesystem>

#include "unmask/face/alignment.h"
#include "unmask/media/picture.h"

namespace unmask {
namespace {

Image Flat(int size, uint8_t value) {
  Image image(size, size);
  std::fill(image.data.begin(), image.data.end(), value);
  return image;
}

// A part of a photo, with faces and edges.
Image Photo(int size) {
  const Image photo =
      ReadPicture(std::filesystem::path(UNMASK_DEPS_DIR) / "samples" / "sample1.jpg");
  Image image(size, size);
  for (int y = 0; y < size; ++y) {
    std::copy_n(photo.row(y + 300) + size_t{3} * 500, image.row_bytes(), image.row(y));
  }
  return image;
}

double Mean(const Image& image, int channel) {
  double sum = 0;
  for (size_t i = channel; i < image.data.size(); i += 3) sum += image.data[i];
  return sum * 3 / static_cast<double>(image.data.size());
}

// Steps between neighbours across the borders of 8 × 8 blocks (which lie at `phase` from the left)
// in relation to all others.
double Blockiness(const Image& image, int phase) {
  double at = 0, elsewhere = 0;
  int64_t borders = 0, others = 0;
  for (int y = 0; y < image.height; ++y) {
    for (int x = 1; x < image.width; ++x) {
      const double step = std::abs(image.row(y)[3 * x + 1] - image.row(y)[3 * x - 2]);
      const bool border = (x + phase) % 8 == 0;
      (border ? at : elsewhere) += step;
      ++(border ? borders : others);
    }
  }
  return at / static_cast<double>(borders) / (elsewhere / static_cast<double>(others));
}

TEST(DegradeTest, ToneFollowsItsFormula) {
  Image image = Flat(16, 100);
  ChangeTone(image, {.contrast = 1.2, .brightness = 10, .gamma = 0.8, .red = 5, .blue = -7});
  const double value = 255 * std::pow(130 / 255.0, 0.8);
  EXPECT_NEAR(image.data[0], value + 5, 0.51);
  EXPECT_NEAR(image.data[1], value, 0.51);
  EXPECT_NEAR(image.data[2], value - 7, 0.51);
  Image photo = Photo(64);
  const Image before = photo;
  ChangeTone(photo, {});
  EXPECT_EQ(photo.data, before.data);
}

TEST(DegradeTest, SaturationZeroIsGreyAndOneChangesNothing) {
  Image photo = Photo(64);
  const Image before = photo;
  ChangeSaturation(photo, 1);
  EXPECT_EQ(photo.data, before.data);
  ChangeSaturation(photo, 0);
  for (size_t i = 0; i < photo.data.size(); i += 3) {
    ASSERT_EQ(photo.data[i], photo.data[i + 1]);
    ASSERT_EQ(photo.data[i], photo.data[i + 2]);
  }
}

TEST(DegradeTest, BlurLowersTheVarianceOfTheLaplacian) {
  const Image photo = Photo(160);
  float last = BlurMeasure(photo);
  for (const double sigma : {0.5, 1.0, 2.0}) {
    Image image = photo;
    Blur(image, sigma);
    EXPECT_LT(BlurMeasure(image), last * 0.9) << sigma;
    last = BlurMeasure(image);
    EXPECT_NEAR(Mean(image, 1), Mean(photo, 1), 1);
  }
}

TEST(DegradeTest, MotionBlursAlongItsLineOnly) {
  // Upright stripes: a line along them changes nothing, one across them all.
  Image stripes(64, 64);
  for (int y = 0; y < 64; ++y) {
    for (int x = 0; x < 192; ++x) stripes.row(y)[x] = x / 3 % 8 < 4 ? 40 : 200;
  }
  Image along = stripes, across = stripes;
  BlurAlongLine(along, 7, std::acos(-1.0) / 2);
  BlurAlongLine(across, 7, 0);
  EXPECT_EQ(along.data, stripes.data);
  EXPECT_LT(BlurMeasure(across), BlurMeasure(stripes) / 3);
}

TEST(DegradeTest, NoiseHasItsVarianceAndIsFixedByTheSeed) {
  for (const double sigma : {2.0, 6.0}) {
    Image image = Flat(128, 128), same = image, other = image;
    AddNoise(image, sigma, 1);
    AddNoise(same, sigma, 1);
    AddNoise(other, sigma, 2);
    EXPECT_EQ(image.data, same.data);
    EXPECT_NE(image.data, other.data);
    double sum = 0, squares = 0;
    for (const uint8_t value : image.data) {
      sum += value - 128.0;
      squares += (value - 128.0) * (value - 128.0);
    }
    const auto count = static_cast<double>(image.data.size());
    EXPECT_NEAR(sum / count, 0, 0.1);
    // Rounding to whole grey levels adds 1/12.
    EXPECT_NEAR(squares / count, sigma * sigma + 1.0 / 12, 0.05 * sigma * sigma);
  }
}

TEST(DegradeTest, ScalingDownLosesDetailAndKeepsSizeAndPlace) {
  const Image photo = Photo(160);
  for (const Enlargement e : {Enlargement::kLinear, Enlargement::kCubic, Enlargement::kLanczos}) {
    Image half = photo, quarter = photo;
    ScaleDownAndUp(half, 0.5, e);
    ScaleDownAndUp(quarter, 0.25, e);
    EXPECT_LT(BlurMeasure(half), BlurMeasure(photo));
    EXPECT_EQ(half.width, 160);
    double error = 0;
    for (size_t i = 0; i < half.data.size(); ++i) error += std::abs(half.data[i] - photo.data[i]);
    EXPECT_LT(error / static_cast<double>(half.data.size()), 6);
    EXPECT_NE(half.data, quarter.data);
  }
  Image same = photo;
  ScaleDownAndUp(same, 1.5, Enlargement::kLinear);
  EXPECT_EQ(same.data, photo.data);
}

TEST(DegradeTest, JpegLeavesBlocksWhereItsPhaseSays) {
  const Image photo = Photo(160);
  for (const int phase : {0, 3, 13}) {
    Image rough = photo, fine = photo;
    CompressJpeg(rough, 20, phase, 5);
    CompressJpeg(fine, 90, phase, 5);
    EXPECT_GT(Blockiness(rough, phase), Blockiness(photo, phase) + 0.3) << phase;
    EXPECT_GT(Blockiness(rough, phase), Blockiness(fine, phase) + 0.2) << phase;
    EXPECT_EQ(rough.width, 160);
  }
}

TEST(DegradeTest, CutOutCoversItsShareInItsColour) {
  for (const double area : {0.02, 0.15, 0.5}) {
    for (const double aspect : {0.5, 1.0, 2.0}) {
      Image image = Flat(200, 10);
      CutOut(image, {.area = area, .aspect = aspect, .x = 1, .y = 0, .colour = {1, 2, 3}});
      int64_t covered = 0;
      for (size_t i = 0; i < image.data.size(); i += 3) {
        const bool is_patch = image.data[i] == 1;
        covered += is_patch;
        ASSERT_EQ(image.data[i + 1], is_patch ? 2 : 10);
      }
      EXPECT_NEAR(static_cast<double>(covered) / (200 * 200), area, 0.01) << aspect;
      EXPECT_EQ(image.row(0)[3 * 199], 1);  // the upper right corner
    }
  }
  Image image = Flat(20, 10);
  CutOut(image, {.area = 0.9, .aspect = 4});  // would be wider than the picture
  EXPECT_EQ(image.width, 20);
}

}  // namespace
}  // namespace unmask
