#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <opencv2/imgproc.hpp>
#include <vector>

#include "unmask/face/test_streams.h"
#include "unmask/face/track_stream.h"
#include "unmask/media/opencv_view.h"

namespace unmask {
namespace {

namespace fs = std::filesystem;

// Where all faces are wanted, those of a steady picture are followed. The reference searches each
// frame.
TEST_F(TrackStreamTest, FollowsFacesByTheirLandmarks) {
  const fs::path path = Clip("franck.mp4", "-t 8 -c:v libx264 -preset ultrafast");
  TrackStreamOptions options;
  options.faces_per_track = 0;
  options.thorough = true;
  const std::vector<TrackPart> reference = Run(*OpenMedia(path), options);
  EXPECT_EQ(stats_.frames_followed, 0);
  EXPECT_EQ(stats_.frames_searched, 80);
  options.thorough = false;
  const std::vector<TrackPart> parts = Run(*OpenMedia(path), options);
  EXPECT_EQ(stats_.frames_searched + stats_.frames_followed, 80);
  EXPECT_GT(stats_.frames_followed, 20);
  ASSERT_EQ(parts.size(), reference.size());
  double moved = 0;
  int faces = 0;
  for (size_t i = 0; i < parts.size(); ++i) {
    EXPECT_EQ(parts[i].track, reference[i].track);
    ASSERT_EQ(parts[i].positions.size(), reference[i].positions.size());
    ASSERT_EQ(parts[i].faces.size(), reference[i].faces.size());
    for (size_t k = 0; k < parts[i].positions.size(); ++k) {
      const TrackPosition& position = parts[i].positions[k];
      EXPECT_EQ(position.frame, reference[i].positions[k].frame);
      EXPECT_GT(IntersectionOverUnion(position.box, reference[i].positions[k].box), 0.75);
    }
    for (size_t k = 0; k < parts[i].faces.size(); ++k) {
      const AlignedFace& face = parts[i].faces[k];
      const Similarity same = reference[i].faces[k].crop_from_frame.Inverse();
      const Point middle = face.crop_from_frame(same({112, 112}));
      moved += std::hypot(middle.x - 112, middle.y - 112);
      ++faces;
    }
  }
  EXPECT_EQ(faces, 80);
  EXPECT_LT(moved / faces, 0.5);  // pixels of the crop
}

constexpr uint8_t kWall = 110;  // a level of grey

// A wall with a small and pale face at each of `places`, which the view of the whole hardly shows.
Image Wall(const std::vector<cv::Point>& places) {
  Image wall(1280, 720);
  std::fill(wall.data.begin(), wall.data.end(), kWall);
  const Image picture = OneFace();
  const cv::Mat face = ViewOf(picture)(cv::Rect(36, 30, 66, 90));
  for (const cv::Point& place : places) {
    cv::Mat target = ViewOf(wall)(cv::Rect(place, face.size()));
    cv::addWeighted(face, 0.4, target, 0.6, 0, target);
  }
  return wall;
}

// Shows `other` in the middle one of each three frames, between two that are always searched.
class AlternatingSource : public StillSource {
 public:
  AlternatingSource(Image picture, Image other)
      : StillSource(std::move(picture), 60, 10), other_(std::move(other)) {}
  Image Retrieve() override { return index() % 3 == 1 ? other_ : StillSource::Retrieve(); }

 private:
  Image other_;
};

TrackStreamOptions AllSmallFaces() {
  TrackStreamOptions options;
  options.faces_per_track = 0;
  options.detector.small_faces = true;
  return options;
}

TEST_F(TrackStreamTest, SearchesAtTheSteadyRateWhereNobodyMoves) {
  AlternatingSource source(Wall({{500, 300}}), Wall({{500, 300}}));
  const std::vector<TrackPart> parts = Run(source, AllSmallFaces());
  EXPECT_EQ(stats_.frames_searched, 21);  // the one behind the first, too
  EXPECT_EQ(stats_.frames_followed, 39);
  ASSERT_EQ(parts.size(), 1u);
  ASSERT_EQ(parts[0].positions.size(), 60u);
  for (const TrackPosition& position : parts[0].positions) {
    EXPECT_EQ(position.detected, position.frame % 3 == 0 || position.frame == 1);
  }
}

// The landmarks miss it, so that the frame is searched, and those behind it, where it is back.
TEST_F(TrackStreamTest, SearchesWhereAFollowedFaceIsLost) {
  AlternatingSource source(Wall({{500, 300}}), Wall({}));
  const std::vector<TrackPart> parts = Run(source, AllSmallFaces());
  EXPECT_EQ(stats_.frames_searched, 60);
  EXPECT_EQ(stats_.frames_followed, 0);
  ASSERT_EQ(parts.size(), 1u);
  ASSERT_EQ(parts[0].positions.size(), 40u);
  for (const TrackPosition& position : parts[0].positions) EXPECT_NE(position.frame % 3, 1);
}

TEST_F(TrackStreamTest, OneOfTwoMayBeLost) {
  AlternatingSource source(Wall({{300, 300}, {800, 200}}), Wall({{800, 200}}));
  const std::vector<TrackPart> parts = Run(source, AllSmallFaces());
  ASSERT_EQ(parts.size(), 2u);
  const auto [few, all] = std::minmax({parts[0].positions.size(), parts[1].positions.size()});
  EXPECT_EQ(few, 40u);
  EXPECT_EQ(all, 60u);
}

// Shows each of the pictures in three frames, of which the first is always searched.
class ChangingSource : public StillSource {
 public:
  explicit ChangingSource(const std::vector<Image>& pictures)
      : StillSource(pictures[0], 3 * static_cast<int>(pictures.size()), 10), pictures_(pictures) {}
  Image Retrieve() override { return pictures_[static_cast<size_t>(index() / 3)]; }

 private:
  std::vector<Image> pictures_;
};

// Who is seen in two frames is no noise, though the second would be followed otherwise.
TEST_F(TrackStreamTest, WhoIsSeenForAMomentIsDetectedTwice) {
  std::vector<Image> pictures;
  for (int i = 0; i < 20; ++i) pictures.push_back(Wall({{40 + 60 * i, 300}}));
  ChangingSource source(pictures);
  const std::vector<TrackPart> parts = Run(source, AllSmallFaces());
  ASSERT_EQ(parts.size(), 20u);
  for (const TrackPart& part : parts) EXPECT_EQ(part.faces.size(), 3u);
}

}  // namespace
}  // namespace unmask
