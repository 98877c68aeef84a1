#include "unmask/backbones/autoencoder.h"

#include <gmock/gmock.h>

#include "unmask/base/error.h"

namespace unmask {

// GoogleTest shows a row of the table by its name.
void PrintTo(const DecoderKind& kind, std::ostream* out) { *out << kind.name; }

namespace {

using testing::ElementsAre;

class DecoderTest : public testing::TestWithParam<DecoderKind> {};

TEST_P(DecoderTest, GivesBackTheShapeThroughASmallLatent) {
  for (const int64_t size : {kAutoencoderSize, int64_t{64}}) {
    const Graph graph = BuildAutoencoder(GetParam(), size);
    EXPECT_THAT(graph.output("latent").shape, ElementsAre(16, size / 8, size / 8));
    EXPECT_THAT(graph.output("reconstruction").shape, ElementsAre(3, size, size));
  }
}

TEST_P(DecoderTest, IsSmall) {
  int64_t count = 0;
  for (const Parameter& parameter : BuildAutoencoder(GetParam()).Parameters()) {
    int64_t values = 1;
    for (const int64_t d : parameter.shape) values *= d;
    count += values;
  }
  EXPECT_GT(count, 500'000);
  EXPECT_LT(count, 1'000'000);
}

INSTANTIATE_TEST_SUITE_P(Table, DecoderTest,
                         testing::ValuesIn(Decoders().begin(), Decoders().end()),
                         [](const auto& row) { return std::string(row.param.name); });

TEST(AutoencoderTest, WhatDoesNotFitIsRefused) {
  EXPECT_THROW(FindDecoder("nearst"), UsageError);
  EXPECT_THROW(BuildAutoencoder(FindDecoder("nearest"), 100), Error);
}

}  // namespace
}  // namespace unmask
