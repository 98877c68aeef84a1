#include "unmask/forge/appearance.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdint>

#include "unmask/face/alignment.h"

namespace unmask {
namespace {

// Colours of all kinds, with fine detail.
Image Noise(int size) {
  Image image(size, size);
  Random random(11);
  for (uint8_t& value : image.data) value = static_cast<uint8_t>(UniformInt(random, 256));
  return image;
}

TEST(AppearanceTest, WithoutStrengthNothingChanges) {
  const Image before = Noise(64);
  Random random(1);
  for (int i = 0; i < 50; ++i) {
    Image after = before;
    ChangeAppearance(after, 60, 0, random);
    ASSERT_EQ(after.data, before.data) << i;
  }
}

TEST(AppearanceTest, SomethingAlwaysChanges) {
  const Image before = Noise(64);
  Random random(2);
  for (int i = 0; i < 100; ++i) {
    Image after = before;
    ChangeAppearance(after, 100, 1, random);
    EXPECT_NE(after.data, before.data) << i;
  }
}

TEST(AppearanceTest, ColoursChangeALittle) {
  Image before(32, 32);
  std::fill(before.data.begin(), before.data.end(), uint8_t{120});
  Random random(2);
  int changed = 0;
  for (int i = 0; i < 200; ++i) {
    Image after = before;
    ChangeAppearance(after, 100, 1, random);
    changed += after.data != before.data;
    for (const uint8_t value : after.data) ASSERT_NEAR(value, 120, 60) << i;
  }
  EXPECT_GT(changed, 150);
}

TEST(AppearanceTest, AsManyNumbersAreDrawnWhateverTheStrength) {
  Random weak(3), strong(3);
  for (int i = 0; i < 20; ++i) {
    Image a = Noise(32), b = a;
    ChangeAppearance(a, 30, 0.2, weak);
    ChangeAppearance(b, 30, 1, strong);
  }
  EXPECT_EQ(weak(), strong());
}

TEST(AppearanceTest, ASmallFaceLosesNoDetail) {
  const Image before = Noise(64);
  Random random(4);
  int coarser = 0;
  for (int i = 0; i < 60; ++i) {
    Image small = before, large = before;
    Random same = random;
    ChangeSharpness(small, 40, 1, random);
    ChangeSharpness(large, 400, 1, same);
    EXPECT_GE(BlurMeasure(small), BlurMeasure(before)) << i;
    coarser += BlurMeasure(large) < 0.7 * BlurMeasure(before);
  }
  EXPECT_GT(coarser, 15);
  EXPECT_LT(coarser, 45);
}

}  // namespace
}  // namespace unmask
