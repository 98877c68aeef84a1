#include "unmask/sampling/augment.h"

#include <gmock/gmock.h>

#include <cmath>
#include <thread>

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

TEST(AugmentTest, EveryDegradationAloneTreatsEqualImagesAlike) {
  const std::vector<Image> images = {Pattern(96), Pattern(96)};
  for (size_t i = 0; i < kDegradations; ++i) {
    AugmentOptions options{.output_size = 80, .levels = DegradationLevels::None()};
    const DegradationKind& kind = Degradations()[i];
    options.levels[static_cast<Degradation>(i)] = {1, kind.standard.low, kind.standard.high};
    Random random(6);
    bool changes = false;
    for (int k = 0; k < 3; ++k) {
      const auto pair = AugmentTogether(images, options, random);
      EXPECT_EQ(pair[0].data, pair[1].data) << kind.name;
      changes |= pair[0].data != CentreCrop(images[0], options).data;
    }
    EXPECT_TRUE(changes) << kind.name;
  }
}

TEST(AugmentTest, FlipAloneMirrors) {
  const Image image = Pattern(96);
  AugmentOptions options{.output_size = 64, .levels = DegradationLevels::None()};
  options.levels[Degradation::kFlip].probability = 1;
  Random random(8);
  const Image flipped = AugmentTogether({&image, 1}, options, random)[0];
  const Image plain = CentreCrop(image, options);
  for (int x = 0; x < 64; ++x) {
    ASSERT_EQ(flipped.row(5)[3 * x + 1], plain.row(5)[3 * (63 - x) + 1]);
  }
}

TEST(AugmentTest, StrengthScalesHowOftenADegradationHappens) {
  const Image image = Pattern(64);
  const auto share = [&](double strength) {
    AugmentOptions options{
        .strength = strength, .output_size = 32, .levels = DegradationLevels::None()};
    options.levels[Degradation::kBrightness] = {0.8, 10, 20};
    const Image plain = CentreCrop(image, options);
    Random random(9);
    int count = 0;
    for (int i = 0; i < 1000; ++i) {
      count += AugmentTogether({&image, 1}, options, random)[0].data != plain.data;
    }
    return count / 1000.0;
  };
  EXPECT_NEAR(share(1), 0.8, 0.05);
  EXPECT_NEAR(share(0.5), 0.4, 0.06);
  EXPECT_EQ(share(0), 0);
}

TEST(AugmentTest, ManyThreadsGetWhatOneGets) {
  const Image image = Pattern(96);
  constexpr int kCount = 24;
  const auto make = [&](int i) {
    Random random(DeriveSeed(3, "test", static_cast<uint64_t>(i)));
    return AugmentTogether({&image, 1}, {.output_size = 80}, random)[0].data;
  };
  std::vector<std::vector<uint8_t>> many(kCount);
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([&, t] {
      for (int i = t; i < kCount; i += 4) many[i] = make(i);
    });
  }
  for (std::thread& thread : threads) thread.join();
  for (int i = 0; i < kCount; ++i) EXPECT_EQ(many[i], make(i)) << i;
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

TEST(AugmentTest, ACodecMeetsTheFaceAtTheResolutionOfTheFile) {
  Image image(300, 300);
  Random noise(1);
  for (uint8_t& value : image.data) value = static_cast<uint8_t>(96 + UniformInt(noise, 64));
  const auto detail = [&](double resolution) {
    AugmentOptions options{.levels = DegradationLevels::None()};
    options.levels[Degradation::kResolution] = {1, resolution, resolution};
    Random random(7);
    const Image seen = AugmentTogether({&image, 1}, options, random)[0];
    EXPECT_EQ(seen.width, 224);
    double sum = 0;
    for (int y = 0; y < seen.height; ++y) {
      for (int x = 1; x < seen.width; ++x) {
        sum += std::abs(seen.row(y)[3 * x] - seen.row(y)[3 * x - 3]);
      }
    }
    return sum / (seen.height * (seen.width - 1));
  };
  const double quarter = detail(0.25), half = detail(0.5), one = detail(1), four = detail(4);
  EXPECT_LT(quarter, 0.6 * half);
  EXPECT_LT(half, 0.6 * one);
  EXPECT_EQ(four, detail(2));  // not more pixels than are stored
}

TEST(AugmentTest, BadOptionsAndImagesAreRefused) {
  Random random(5);
  const Image image = Pattern(32);
  EXPECT_THROW(AugmentTogether({&image, 1}, {.strength = 2}, random), UsageError);
  EXPECT_THROW(AugmentTogether({&image, 1}, {.output_size = 0}, random), UsageError);
  AugmentOptions wrong;
  wrong.levels[Degradation::kJpeg].low = 0;
  EXPECT_THROW(AugmentTogether({&image, 1}, wrong, random), UsageError);
  const Image oblong(32, 16);
  EXPECT_THROW(AugmentTogether({&oblong, 1}, {}, random), Error);
}

}  // namespace
}  // namespace unmask
