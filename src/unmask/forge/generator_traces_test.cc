#include "unmask/forge/generator_traces.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <functional>
#include <numbers>
#include <opencv2/imgproc.hpp>
#include <vector>

#include "unmask/forge/fine_detail.h"

namespace unmask {
namespace {

// 128 ± 60 · sin along x.
cv::Mat Wave(int size, double cycles_a_pixel) {
  cv::Mat picture(size, size, CV_8UC3);
  for (int y = 0; y < size; ++y) {
    for (int x = 0; x < size; ++x) {
      const double value = 128 + 60 * std::sin(2 * std::numbers::pi * cycles_a_pixel * x);
      picture.at<cv::Vec3b>(y, x) = cv::Vec3b::all(cv::saturate_cast<uint8_t>(value));
    }
  }
  return picture;
}

double Deviation(const cv::Mat& picture) {
  cv::Scalar mean, deviation;
  cv::meanStdDev(picture, mean, deviation);
  return deviation[0];
}

TEST(GeneratorTracesTest, UpConvolutionKeepsBrightnessAndLeavesAPeriodicTrace) {
  for (const int factor : {2, 3, 4}) {
    const cv::Mat flat(61, 50, CV_8UC3, cv::Scalar::all(100));  // no multiples of the factor
    Random random(static_cast<uint64_t>(factor));
    const Traced result = UpConvolve(flat, factor, random);
    ASSERT_EQ(result.traced.size(), flat.size());
    EXPECT_NEAR(cv::mean(result.plain)[0], 100, 0.2);
    EXPECT_NEAR(cv::mean(result.traced)[0], 100, 2);
    EXPECT_GT(Deviation(result.traced), 0.05);
    EXPECT_LT(Deviation(result.traced), 12);
    const cv::Rect here(0, 0, 40, 40), there(factor, factor, 40, 40);
    EXPECT_LT(cv::norm(result.traced(here), result.traced(there), cv::NORM_INF), 1e-3);
    EXPECT_GT(cv::norm(result.plain(here), result.plain(there), cv::NORM_INF), 1);
  }
}

TEST(GeneratorTracesTest, UpConvolutionShowsThePictureInItsPlace) {
  cv::Mat picture = Wave(96, 0.02);
  for (const int factor : {2, 3, 4}) {
    double shifted[3] = {};
    for (uint64_t seed = 0; seed < 10; ++seed) {
      Random random(seed);
      const cv::Mat traced = UpConvolve(picture, factor, random).traced;
      const cv::Rect middle(20, 20, 50, 50);
      cv::Mat expected;
      for (int dx = -1; dx <= 1; ++dx) {
        picture(middle + cv::Point(dx, 0)).convertTo(expected, CV_32FC3);
        shifted[dx + 1] += cv::norm(traced(middle), expected, cv::NORM_L1);
      }
    }
    EXPECT_LT(shifted[1], shifted[0]) << factor;
    EXPECT_LT(shifted[1], shifted[2]) << factor;
  }
}

TEST(GeneratorTracesTest, ShufflingLeavesTheMeanAndHasItsPeriod) {
  for (const int period : {2, 4, 8}) {
    const cv::Mat flat(64, 64, CV_8UC3, cv::Scalar::all(100));
    Random random(static_cast<uint64_t>(period));
    const Traced result = Shuffle(flat, period, random);
    EXPECT_NEAR(cv::mean(result.traced)[0], 100, 1e-3);
    EXPECT_GT(Deviation(result.traced), 0.9);
    EXPECT_LT(Deviation(result.traced), 6);
    const cv::Rect here(0, 0, 48, 48);
    EXPECT_LT(cv::norm(result.traced(here), result.traced(here + cv::Point(period, period)),
                       cv::NORM_INF),
              1e-3);
    EXPECT_GT(
        cv::norm(result.traced(here), result.traced(here + cv::Point(period / 2, 0)), cv::NORM_INF),
        0.1);
  }
}

TEST(GeneratorTracesTest, TheSpectrumChangesAtHighFrequenciesAlone) {
  for (uint64_t seed = 0; seed < 20; ++seed) {
    Random a(seed), b(seed), c(seed);
    const cv::Mat low = Wave(120, 0.04), high = Wave(120, 0.45);
    const double kept = Deviation(ChangeSpectrum(low, a).traced) / Deviation(low);
    EXPECT_NEAR(kept, 1, 0.02) << seed;
    const double changed = Deviation(ChangeSpectrum(high, b).traced) / Deviation(high);
    EXPECT_TRUE((changed > 0.08 && changed < 0.65) || (changed > 1.35 && changed < 2.25))
        << seed << ": " << changed;
    const cv::Mat flat(50, 70, CV_8UC3, cv::Scalar::all(90));
    EXPECT_LT(Deviation(ChangeSpectrum(flat, c).traced), 1e-2);
  }
}

// Noise at every scale, as strong as pictures of faces have it.
cv::Mat LikeAPhoto() {
  cv::Mat picture(160, 160, CV_32FC3, cv::Scalar::all(128)), noise(160, 160, CV_32FC3), soft;
  cv::RNG random(3);
  for (double sigma = 1; sigma <= 16; sigma *= 2) {
    random.fill(noise, cv::RNG::NORMAL, 0, 12 * sigma);
    cv::GaussianBlur(noise, soft, {}, sigma);
    picture += soft;
  }
  cv::Mat bytes;
  picture.convertTo(bytes, CV_8U);
  return bytes;
}

struct TraceCase {
  const char* name;
  std::function<Traced(const cv::Mat&, Random&)> trace;
};

class DetailTest : public testing::TestWithParam<TraceCase> {};

// A picture that lost or gained detail is no fake.
TEST_P(DetailTest, DetailAloneDoesNotTellATrace) {
  const cv::Mat picture = LikeAPhoto();
  std::vector<double> ratios;
  for (uint64_t seed = 0; seed < 30; ++seed) {
    Random random(seed);
    const Traced result = GetParam().trace(picture, random);
    ratios.push_back(FineDetail(result.plain) / FineDetail(result.traced));
    EXPECT_GT(ratios.back(), 0.75) << seed;
    EXPECT_LT(ratios.back(), 1.25) << seed;
  }
  std::sort(ratios.begin(), ratios.end());
  EXPECT_NEAR(ratios[15], 1, 0.05);
}

INSTANTIATE_TEST_SUITE_P(
    Table, DetailTest,
    testing::Values(
        TraceCase{"spectrum", ChangeSpectrum},
        TraceCase{"shuffle2", [](const cv::Mat& p, Random& r) { return Shuffle(p, 2, r); }},
        TraceCase{"shuffle4", [](const cv::Mat& p, Random& r) { return Shuffle(p, 4, r); }},
        TraceCase{"shuffle8", [](const cv::Mat& p, Random& r) { return Shuffle(p, 8, r); }},
        TraceCase{"up2", [](const cv::Mat& p, Random& r) { return UpConvolve(p, 2, r); }},
        TraceCase{"up3", [](const cv::Mat& p, Random& r) { return UpConvolve(p, 3, r); }},
        TraceCase{"up4", [](const cv::Mat& p, Random& r) { return UpConvolve(p, 4, r); }}),
    [](const auto& test) { return test.param.name; });

TEST(GeneratorTracesTest, SpectraLoseAndGainDetail) {
  const cv::Mat picture = LikeAPhoto();
  const double before = FineDetail(picture);
  int softer = 0;
  for (uint64_t seed = 0; seed < 30; ++seed) {
    Random random(seed);
    softer += FineDetail(ChangeSpectrum(picture, random).traced) < 0.9 * before;
  }
  EXPECT_GT(softer, 10);
  EXPECT_LT(softer, 25);
}

}  // namespace
}  // namespace unmask
