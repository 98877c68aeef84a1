#include "unmask/face/track_builder.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <vector>

namespace unmask {
namespace {

// Feeds a track of `detections` frames; returns how many crops it asked for.
int Feed(TrackBuilder& builder, int track, int detections) {
  int asked = 0;
  for (int i = 0; i < detections; ++i) {
    std::optional<AlignedFace> face;
    if (builder.Wants(track, true)) {
      ++asked;
      face.emplace();
      face->face.frame = i;
    }
    builder.Add(track, {i, 0.1 * i, {}}, true, std::move(face));
  }
  return asked;
}

TEST(TrackBuilder, SpreadsTheFacesEvenly) {
  for (const int limit : {1, 2, 7, 32}) {
    for (const int detections : {1, 5, 31, 32, 33, 63, 64, 65, 100, 1000, 5003}) {
      TrackBuilder builder(limit, 1);
      Feed(builder, 1, detections);
      builder.End(1, 1);
      const auto part = builder.Take();
      ASSERT_TRUE(part);
      EXPECT_EQ(part->positions.size(), static_cast<size_t>(detections));
      const int count = static_cast<int>(part->faces.size());
      EXPECT_EQ(count, std::min(limit, detections)) << limit << " of " << detections;
      // Each lies within two even steps of its place in an even spread.
      const double step = static_cast<double>(detections) / count;
      for (int i = 0; i < count; ++i) {
        EXPECT_NEAR(static_cast<double>(part->faces[i].face.frame), (i + 0.5) * step,
                    std::max(1.0, 1.05 * step))
            << i << ": " << limit << " of " << detections;
        if (i > 0) {
          EXPECT_LT(part->faces[i - 1].face.frame, part->faces[i].face.frame);
        }
      }
    }
  }
}

TEST(TrackBuilder, AsksForFewCropsOnLongTracks) {
  TrackBuilder builder(32, 1);
  // Every doubling of the length costs half a store: 64 + 32 · log2(100000 / 64).
  EXPECT_LT(Feed(builder, 1, 100000), 64 + 32 * 11);
}

TEST(TrackBuilder, AsksForFewerWhereTheTrackIsExpectedToGrowLong) {
  for (const int expected : {50, 200, 2000}) {
    for (const int detections : {20, 40, 200, 2000}) {
      TrackBuilder plain(32, 1), builder(32, 1, expected);
      const int asked = Feed(builder, 1, detections);
      EXPECT_LE(asked, Feed(plain, 1, detections));
      if (detections == expected && expected >= 200) {
        EXPECT_LT(asked, 110);
      }
      builder.End(1, 1);
      const auto part = builder.Take();
      ASSERT_TRUE(part);
      ASSERT_EQ(part->faces.size(), static_cast<size_t>(std::min(32, detections)));
      if (detections < expected / 2) continue;  // shorter than expected: most faces are early
      for (size_t i = 0; i < part->faces.size(); ++i) {
        EXPECT_NEAR(static_cast<double>(part->faces[i].face.frame),
                    (static_cast<double>(i) + 0.5) * detections / part->faces.size(),
                    std::max(1.0, 1.05 * detections / part->faces.size()))
            << i << ": " << detections << ", expected " << expected;
      }
    }
  }
}

TEST(TrackBuilder, DetectionsBetweenTheCandidatesChangeNoChoice) {
  TrackBuilder sparse(4, 1), dense(4, 1);
  for (int i = 0; i < 100; ++i) {
    for (TrackBuilder* builder : {&sparse, &dense}) {
      const bool candidate = i % 3 == 0;
      if (!candidate && builder == &sparse) continue;
      std::optional<AlignedFace> face;
      if (builder->Wants(1, candidate)) face.emplace().face.frame = i;
      builder->Add(1, {i, 0.1 * i, {}}, candidate, std::move(face));
    }
  }
  std::vector<int64_t> chosen[2];
  size_t positions[2];
  for (int k = 0; k < 2; ++k) {
    TrackBuilder& builder = k == 0 ? sparse : dense;
    builder.End(1, 1);
    const auto part = builder.Take();
    ASSERT_TRUE(part);
    positions[k] = part->positions.size();
    for (const AlignedFace& face : part->faces) chosen[k].push_back(face.face.frame);
  }
  EXPECT_EQ(chosen[0], chosen[1]);
  EXPECT_EQ(chosen[0].size(), 4u);
  EXPECT_EQ(positions[0], 34u);
  EXPECT_EQ(positions[1], 100u);
}

TEST(TrackBuilder, ATrackHasAFaceHoweverShortItIs) {
  TrackBuilder builder(4, 1);
  EXPECT_TRUE(builder.Wants(1, false));
  builder.Add(1, {1, 0.1, {}}, false, AlignedFace());
  EXPECT_FALSE(builder.Wants(1, false));
  builder.Add(1, {2, 0.2, {}}, false, std::nullopt);
  builder.End(1, 2);
  const auto part = builder.Take();
  ASSERT_TRUE(part);
  EXPECT_EQ(part->faces.size(), 1u);
  EXPECT_EQ(part->positions.size(), 2u);
}

TEST(TrackBuilder, DropsShortTracks) {
  TrackBuilder builder(0, 3);
  Feed(builder, 1, 2);
  builder.End(1, 3);
  EXPECT_FALSE(builder.Take());
  Feed(builder, 2, 3);
  builder.End(2, 3);
  EXPECT_TRUE(builder.Take());
  builder.End(7, 1);  // unknown
  EXPECT_FALSE(builder.Take());
}

TEST(TrackBuilder, PartsOfTracksNeverBeginBeforeTheMinimum) {
  TrackBuilder builder(0, 100);
  Feed(builder, 1, 90);
  EXPECT_FALSE(builder.Take());
  builder.End(1, 100);
  EXPECT_FALSE(builder.Take());
}

TEST(TrackBuilder, WhatIsOnlyFollowedIsNoDetection) {
  for (const int detected : {1, 2}) {
    TrackBuilder builder(0, 2);
    for (int i = 0; i < 6; ++i) {
      builder.Add(1, {i, 0.1 * i, {}, i % 3 == 0 && i < 3 * detected}, true, AlignedFace());
    }
    builder.End(1, 2);
    const std::optional<TrackPart> part = builder.Take();
    ASSERT_EQ(part.has_value(), detected == 2);
    if (part) {
      EXPECT_EQ(part->faces.size(), 6u);
    }
  }
}

}  // namespace
}  // namespace unmask
