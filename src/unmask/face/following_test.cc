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

// A picture that is a plain wall in the middle one of each three frames.
class VanishingSource : public StillSource {
 public:
  using StillSource::StillSource;
  Image Retrieve() override {
    if (index() % 3 != 1) return StillSource::Retrieve();
    Image wall(info().width, info().height);
    std::fill(wall.data.begin(), wall.data.end(), kWall);
    return wall;
  }
};

// A face too small and pale for the view of the whole to miss it is away in every third frame,
// between two that are searched whatever happens: its landmarks miss it, and the frame is searched.
TEST_F(TrackStreamTest, SearchesWhereAFollowedFaceIsLost) {
  Image wide(1280, 720);
  std::fill(wide.data.begin(), wide.data.end(), kWall);
  const Image picture = OneFace();
  const cv::Mat face = ViewOf(picture)(cv::Rect(36, 30, 66, 90));
  cv::Mat place = ViewOf(wide)(cv::Rect(500, 300, face.cols, face.rows));
  cv::addWeighted(face, 0.4, place, 0.6, 0, place);
  VanishingSource source(wide, 60, 10);
  TrackStreamOptions options;
  options.faces_per_track = 0;
  options.detector.small_faces = true;
  const std::vector<TrackPart> parts = Run(source, options);
  EXPECT_EQ(stats_.frames_searched, 40);
  EXPECT_EQ(stats_.frames_followed, 20);
  ASSERT_EQ(parts.size(), 1u);
  ASSERT_EQ(parts[0].positions.size(), 20u);
  for (const TrackPosition& position : parts[0].positions) EXPECT_EQ(position.frame % 3, 0);
}

}  // namespace
}  // namespace unmask
