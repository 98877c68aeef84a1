#include "unmask/face/face_follower.h"

#include <gtest/gtest.h>

#include <limits>
#include <utility>
#include <vector>

namespace unmask {
namespace {

// A face of 100 × 120 pixels around (x, y).
Detection FaceAt(float x, float y) {
  return {.box = {x - 50, y - 60, x + 50, y + 60},
          .confidence = 0.9f,
          .right_eye = {x - 20, y - 20},
          .left_eye = {x + 20, y - 20},
          .nose = {x, y},
          .mouth = {x, y + 25}};
}

// Landmarks of that face, `scale` times as large, turned by a right angle where `turned`.
FivePoints PointsAt(float x, float y, float scale = 1, bool turned = false) {
  FivePoints points{};
  const float offsets[5][2] = {{-21, -19}, {19, -20}, {1, 2}, {-14, 24}, {15, 26}};
  for (size_t i = 0; i < points.size(); ++i) {
    const float dx = scale * offsets[i][0], dy = scale * offsets[i][1];
    points[i] = turned ? Point{x - dy, y + dx} : Point{x + dx, y + dy};
  }
  return points;
}

TEST(FaceFollower, CarriesADetectionAlongWithItsLandmarks) {
  FaceFollower follower;
  follower.Begin();
  follower.Add(FaceAt(200, 150), PointsAt(200, 150));
  ASSERT_EQ(follower.Expected().size(), 1u);
  EXPECT_EQ(follower.Expected()[0].box.x0, 150);
  // In steps, as motion comes; from where it was found, rounding does not add up.
  for (int i = 1; i <= 40; ++i) {
    const float x = 200 + 3.0f * static_cast<float>(i);
    ASSERT_TRUE(follower.Follow(std::vector{PointsAt(x, 150, 1 + 0.01f * static_cast<float>(i))}));
  }
  const Detection moved = follower.Expected()[0];
  EXPECT_NEAR((moved.box.x0 + moved.box.x1) / 2, 320, 1e-2);
  EXPECT_NEAR((moved.box.y0 + moved.box.y1) / 2, 150, 1e-2);
  EXPECT_NEAR(moved.box.width(), 140, 1e-2);
  EXPECT_NEAR(moved.box.height(), 168, 1e-2);
  EXPECT_NEAR(moved.right_eye.x, 320 - 28, 1e-2);
  EXPECT_NEAR(moved.mouth.y, 150 + 35, 1e-2);
  EXPECT_EQ(moved.confidence, 0.9f);
}

TEST(FaceFollower, TurnsTheEyesAndKeepsTheBoxUpright) {
  FaceFollower follower;
  follower.Begin();
  follower.Add(FaceAt(200, 150), PointsAt(200, 150));
  ASSERT_TRUE(follower.Follow(std::vector{PointsAt(200, 150, 1, true)}));
  const Detection turned = follower.Expected()[0];
  EXPECT_NEAR(turned.right_eye.x, 220, 1e-3);
  EXPECT_NEAR(turned.right_eye.y, 130, 1e-3);
  EXPECT_NEAR(turned.box.width(), 100, 1e-3);
  EXPECT_NEAR(turned.box.height(), 120, 1e-3);
}

TEST(FaceFollower, GivesUpWhereAFaceJumps) {
  for (const auto& [x, scale] : {std::pair{240.0f, 1.0f}, {200.0f, 1.3f}, {200.0f, 0.7f}}) {
    FaceFollower follower;
    follower.Begin();
    follower.Add(FaceAt(200, 150), PointsAt(200, 150));
    EXPECT_FALSE(follower.Follow(std::vector{PointsAt(x, 150, scale)})) << x << " " << scale;
    EXPECT_EQ(follower.Expected()[0].box.x0, 150);  // as it was
  }
}

TEST(FaceFollower, GivesUpWhereTwoBecomeOne) {
  FaceFollower follower;
  follower.Begin();
  follower.Add(FaceAt(200, 150), PointsAt(200, 150));
  follower.Add(FaceAt(270, 150), PointsAt(270, 150));
  EXPECT_TRUE(follower.Follow(std::vector{PointsAt(200, 150), PointsAt(265, 150)}));
  EXPECT_FALSE(follower.Follow(std::vector{PointsAt(200, 150), PointsAt(250, 150)}));
}

TEST(FaceFollower, ForgetsWhenAFrameIsSearched) {
  FaceFollower follower;
  EXPECT_TRUE(follower.Expected().empty());
  EXPECT_TRUE(follower.Follow({}));  // nobody there
  follower.Add(FaceAt(200, 150), PointsAt(200, 150));
  follower.Begin();
  EXPECT_TRUE(follower.Expected().empty());
}

TEST(FaceFollower, GivesUpWithoutFinitePoints) {
  FaceFollower follower;
  follower.Add(FaceAt(200, 150), PointsAt(200, 150));
  FivePoints points = PointsAt(200, 150);
  points[2].x = std::numeric_limits<float>::quiet_NaN();
  EXPECT_FALSE(follower.Follow(std::vector{points}));
}

}  // namespace
}  // namespace unmask
