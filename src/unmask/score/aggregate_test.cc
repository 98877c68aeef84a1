#include "unmask/score/aggregate.h"

#include <gtest/gtest.h>

#include "unmask/base/error.h"

namespace unmask {
namespace {

// A long fake track and two short real ones: the three aggregations disagree by design.
const std::vector<std::vector<double>> kTracks = {{0.9, 0.8, 0.7, 0.6, 1.0}, {0.2}, {0.4, 0.1}};

TEST(AggregateTest, VoteOverFacesTakesTheMeanOfTheWinningFaces) {
  // 5 of 8 faces say fake; their mean is 4.0 / 5.
  EXPECT_DOUBLE_EQ(VideoScore(kTracks, Aggregation::kMaxFaces), 0.8);
  EXPECT_DOUBLE_EQ(VideoScore(kTracks, Aggregation::kMaxFaces, 0.5, VoteScore::kShare), 0.625);
}

TEST(AggregateTest, VoteOverTracksTakesTheMeanOfTheWinningTracks) {
  // Track scores 0.8, 0.2, 0.25: two say real.
  EXPECT_DOUBLE_EQ(VideoScore(kTracks, Aggregation::kMaxTracks), 0.225);
  EXPECT_DOUBLE_EQ(VideoScore(kTracks, Aggregation::kMaxTracks, 0.5, VoteScore::kShare), 1.0 / 3);
}

TEST(AggregateTest, MeanOverTracksWeighsTracksEqually) {
  EXPECT_DOUBLE_EQ(VideoScore(kTracks, Aggregation::kMeanTracks), (0.8 + 0.2 + 0.25) / 3);
}

TEST(AggregateTest, ATieGoesToTheMeanOfAll) {
  EXPECT_DOUBLE_EQ(VideoScore({{0.9, 0.3}}, Aggregation::kMaxFaces), 0.6);
  EXPECT_DOUBLE_EQ(VideoScore({{0.9}, {0.3}}, Aggregation::kMaxTracks), 0.6);
}

TEST(AggregateTest, AScoreAtTheThresholdVotesFake) {
  EXPECT_DOUBLE_EQ(VideoScore({{0.5, 0.5, 0.1}}, Aggregation::kMaxFaces), 0.5);
  // With a threshold of 0.7 the same faces all vote real.
  EXPECT_DOUBLE_EQ(VideoScore({{0.5, 0.5, 0.2}}, Aggregation::kMaxFaces, 0.7), 0.4);
}

TEST(AggregateTest, TheScoreLiesOnTheSideOfTheDecision) {
  // Majority real although the mean of all is above one half.
  const double score = VideoScore({{0.45, 0.45, 0.45, 1.0, 1.0}}, Aggregation::kMaxFaces);
  EXPECT_LT(score, 0.5);
}

TEST(AggregateTest, TracksWithoutFacesArePassedOver) {
  EXPECT_DOUBLE_EQ(VideoScore({{}, {0.4, 0.6}, {}}, Aggregation::kMeanTracks), 0.5);
}

TEST(AggregateTest, NoFaceIsNoScore) {
  EXPECT_THROW(VideoScore({}, Aggregation::kMeanTracks), Error);
  EXPECT_THROW(VideoScore({{}, {}}, Aggregation::kMaxFaces), Error);
  EXPECT_THROW(TrackScore({}), Error);
}

TEST(AggregateTest, NamesGoBothWaysAndUnknownOnesAreRefused) {
  for (const char* name : {"MF", "MT", "AT"}) {
    EXPECT_EQ(NameOf(AggregationFromName(name)), name);
  }
  EXPECT_EQ(AggregationFromName("at"), Aggregation::kMeanTracks);
  EXPECT_THROW(AggregationFromName("MX"), UsageError);
}

}  // namespace
}  // namespace unmask
