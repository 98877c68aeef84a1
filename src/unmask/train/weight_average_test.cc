#include "unmask/train/weight_average.h"

#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include <algorithm>

namespace unmask {
namespace {

TEST(WeightAverageTest, FollowsTheFormula) {
  at::Tensor w = at::full({2}, 1.0, at::kDouble);
  at::Tensor count = at::zeros({1}, at::kLong);
  WeightAverage average({{"w", w}, {"count", count}}, 0.3);
  double expected = 1;
  for (int n = 1; n <= 5; ++n) {
    w.fill_(n);
    count.fill_(n);
    average.Update();
    const double d = std::min(0.3, (1.0 + n) / (10 + n));
    expected = d * expected + (1 - d) * n;
    EXPECT_NEAR(average.averages().at("w")[0].item<double>(), expected, 1e-12);
  }
  EXPECT_EQ(average.averages().at("count").item<int64_t>(), 5);
}

TEST(WeightAverageTest, IsLentAndTakenBack) {
  at::Tensor w = at::full({1}, 4.0, at::kDouble);
  WeightAverage average({{"w", w}}, 0.5);
  w.fill_(8);
  {
    const WithAverages averaged(&average);
    EXPECT_EQ(w.item<double>(), 4);
  }
  EXPECT_EQ(w.item<double>(), 8);
  EXPECT_EQ(average.averages().at("w").item<double>(), 4);
  const WithAverages nothing(nullptr);
}

}  // namespace
}  // namespace unmask
