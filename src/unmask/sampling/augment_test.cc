#include "unmask/sampling/augment.h"

#include <gmock/gmock.h>

#include <cmath>

#include "unmask/base/error.h"

namespace unmask {
namespace {

Image Pattern(int size, int shift = 0) {
  Image image(size, size);
  for (int y = 0; y < size; ++y) {
    for (int x = 0; x < size; ++x) {
      for (int c = 0; c < 3; ++c) {
        image.row(y)[3 * x + c] =
            static_cast<uint8_t>(128 + 80 * std::sin(0.1 * (x + shift) + c) * std::cos(0.07 * y));
      }
    }
  }
  return image;
}

TEST(AugmentTest, TheSameSeedGivesTheSameAndAnotherSomethingElse) {
  const std::vector<Image> images = {Pattern(96)};
  Random a(1), b(1), c(2);
  const auto first = AugmentTogether(images, {}, a);
  EXPECT_EQ(first[0].data, AugmentTogether(images, {}, b)[0].data);
  EXPECT_NE(first[0].data, AugmentTogether(images, {}, c)[0].data);
  EXPECT_EQ(first[0].width, 224);
  EXPECT_EQ(first[0].height, 224);
}

TEST(AugmentTest, EqualImagesStayEqual) {
  const std::vector<Image> images = {Pattern(96), Pattern(96)};
  Random random(3);
  for (int i = 0; i < 50; ++i) {
    const auto pair = AugmentTogether(images, {.output_size = 64}, random);
    ASSERT_EQ(pair[0].data, pair[1].data) << i;
  }
}

TEST(AugmentTest, WithoutStrengthItIsTheCentreCrop) {
  const Image image = Pattern(96);
  Random random(4);
  EXPECT_EQ(AugmentTogether({&image, 1}, {.strength = 0}, random)[0].data,
            CentreCrop(image, {}).data);
}

TEST(AugmentTest, TheCentreCropCutsOutTheInferenceScale) {
  // At equal scales and sizes nothing changes; from 1.7 to 1.3 the middle 1.3 / 1.7 remains.
  const Image image = Pattern(170);
  const Image same =
      CentreCrop(image, {.output_size = 170, .input_scale = 1.3, .output_scale = 1.3});
  EXPECT_EQ(same.data, image.data);
  const Image cut = CentreCrop(image, {.output_size = 130});
  for (int y = 0; y < 130; y += 7) {
    for (int x = 0; x < 130; x += 7) {
      EXPECT_NEAR(cut.row(y)[3 * x], image.row(y + 20)[3 * (x + 20)], 1);
    }
  }
}

TEST(AugmentTest, BadOptionsAndImagesAreRefused) {
  Random random(5);
  const Image image = Pattern(32);
  EXPECT_THROW(AugmentTogether({&image, 1}, {.strength = 2}, random), UsageError);
  EXPECT_THROW(AugmentTogether({&image, 1}, {.output_size = 0}, random), UsageError);
  const Image oblong(32, 16);
  EXPECT_THROW(AugmentTogether({&oblong, 1}, {}, random), Error);
}

}  // namespace
}  // namespace unmask
