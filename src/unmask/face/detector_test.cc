#include "unmask/face/detector.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <opencv2/imgproc.hpp>
#include <string>

#include "unmask/base/error.h"
#include "unmask/base/random.h"
#include "unmask/face/landmarks.h"
#include "unmask/media/opencv_view.h"
#include "unmask/media/picture.h"

namespace unmask {
namespace {

Image Sample(int number) {
  return ReadPicture(std::filesystem::path(UNMASK_DEPS_DIR) / "samples" /
                     ("sample" + std::to_string(number) + ".jpg"));
}

Point CentreOf(const Box& box) { return {(box.x0 + box.x1) / 2, (box.y0 + box.y1) / 2}; }

// `picture` scaled by `scale` and laid on a dark canvas with its corner at (left, top).
Image Pasted(const Image& picture, double scale, int width, int height, int left, int top) {
  Image canvas(width, height);
  cv::Mat small;
  cv::resize(ViewOf(picture), small, {}, scale, scale, cv::INTER_AREA);
  small.copyTo(ViewOf(canvas)(cv::Rect(left, top, small.cols, small.rows)));
  return canvas;
}

// Centres of the faces in the six samples, by eye to some 40 pixels.
const std::vector<std::vector<Point>> kFaces = {
    {{482, 488}, {1555, 336}, {923, 560}},
    {{1525, 285}, {407, 272}, {996, 335}},
    {{1165, 380}, {678, 469}, {1597, 457}},
    {{1040, 312}, {738, 202}, {344, 336}, {1339, 278}},
    {{867, 227}, {1481, 532}, {466, 1032}, {708, 547}, {1180, 312}},
    {{1280, 460}, {364, 638}, {758, 490}, {1572, 418}}};

class FaceNetworksTest : public testing::Test {
 protected:
  FaceDetector detector_;
  FaceLandmarker landmarker_;
};

TEST_F(FaceNetworksTest, FindsAllFacesOfTheSamplesAndNoOthers) {
  for (int i = 0; i < 6; ++i) {
    const std::vector<Detection> found = detector_.Detect(Sample(i + 1));
    EXPECT_EQ(found.size(), kFaces[i].size()) << "sample " << i + 1;
    for (const Point& face : kFaces[i]) {
      EXPECT_TRUE(std::any_of(found.begin(), found.end(),
                              [&](const Detection& d) {
                                const Point centre = CentreOf(d.box);
                                return std::hypot(centre.x - face.x, centre.y - face.y) < 60;
                              }))
          << "sample " << i + 1 << " at " << face.x << "," << face.y;
    }
    EXPECT_TRUE(std::is_sorted(found.begin(), found.end(), [](const auto& a, const auto& b) {
      return a.confidence > b.confidence;
    }));
  }
}

TEST_F(FaceNetworksTest, KeyPointsAndMeshAreWhereAFaceHasThem) {
  for (const int sample : {1, 3, 5, 6}) {  // 2 and 4 show faces turned far aside
    const Image picture = Sample(sample);
    const std::vector<Detection> found = detector_.Detect(picture);
    const std::vector<Face> faces = landmarker_.Locate(picture, found);
    ASSERT_EQ(faces.size(), found.size());
    for (size_t i = 0; i < faces.size(); ++i) {
      const Detection& d = found[i];
      const Face& face = faces[i];
      EXPECT_GT(face.presence, 0.9);
      EXPECT_EQ(face.confidence, d.confidence);
      ASSERT_EQ(face.mesh.size(), static_cast<size_t>(kMeshSize));
      EXPECT_GT(IntersectionOverUnion(face.box, d.box), 0.5);
      // Two networks agree about the eyes and the nose.
      const double near = 0.2 * d.box.width();
      EXPECT_LT(std::hypot(face.points[0].x - d.right_eye.x, face.points[0].y - d.right_eye.y),
                near);
      EXPECT_LT(std::hypot(face.points[1].x - d.left_eye.x, face.points[1].y - d.left_eye.y), near);
      EXPECT_LT(std::hypot(face.points[2].x - d.nose.x, face.points[2].y - d.nose.y), near);
      const Point mouth{(face.points[3].x + face.points[4].x) / 2,
                        (face.points[3].y + face.points[4].y) / 2};
      EXPECT_LT(std::hypot(mouth.x - d.mouth.x, mouth.y - d.mouth.y), near);
      // Image left and right, above and below.
      EXPECT_LT(face.points[0].x, face.points[1].x);
      EXPECT_LT(face.points[3].x, face.points[4].x);
      EXPECT_LT(face.points[0].y, face.points[3].y);
    }
  }
}

TEST_F(FaceNetworksTest, ATurnedPictureGivesTurnedLandmarks) {
  const Image upright = Sample(3);
  const std::vector<Face> want = landmarker_.Locate(upright, detector_.Detect(upright));
  const cv::Point2f middle(upright.width / 2.0f, upright.height / 2.0f);
  for (const double degrees : {-25.0, 25.0}) {
    const cv::Mat turn = cv::getRotationMatrix2D(middle, degrees, 1);
    Image turned(upright.width, upright.height);
    cv::Mat view = ViewOf(turned);
    cv::warpAffine(ViewOf(upright), view, turn, view.size());
    const std::vector<Face> faces = landmarker_.Locate(turned, detector_.Detect(turned));
    EXPECT_GE(faces.size(), 2u);  // one may leave the frame
    for (const Face& face : faces) {
      double nearest = 1e9;
      for (const Face& original : want) {
        double sum = 0;
        for (int k = 0; k < 5; ++k) {
          const cv::Matx31d p(original.points[k].x, original.points[k].y, 1);
          const cv::Mat q = turn * cv::Mat(p);
          sum += std::hypot(q.at<double>(0) - face.points[k].x, q.at<double>(1) - face.points[k].y);
        }
        nearest = std::min(nearest, sum / 5);
      }
      EXPECT_LT(nearest, 0.04 * face.box.width()) << degrees;
    }
  }
}

TEST_F(FaceNetworksTest, TilesFindFacesThatTheFullFrameLoses) {
  // Faces of some 42 to 48 pixels somewhere in a 2160p frame.
  const Image canvas = Pasted(Sample(6), 0.18, 3840, 2160, 1733, 1021);
  EXPECT_EQ(detector_.Detect(canvas).size(), 0u);
  FaceDetectorOptions options;
  options.small_faces = true;
  const std::vector<Detection> found = detector_.Detect(canvas, options);
  ASSERT_EQ(found.size(), 4u);
  for (const Detection& d : found) {
    EXPECT_TRUE(std::any_of(kFaces[5].begin(), kFaces[5].end(), [&](const Point& face) {
      return std::hypot(CentreOf(d.box).x - (1733 + 0.18 * face.x),
                        CentreOf(d.box).y - (1021 + 0.18 * face.y)) < 15;
    }));
  }
}

TEST_F(FaceNetworksTest, TilesCountEveryFaceOnce) {
  // Large faces are cut by tiles, small ones lie in several. Tiles also find face-like knuckles;
  // the landmark network knows better.
  FaceDetectorOptions tiles;
  tiles.small_faces = true;
  for (int i = 1; i <= 6; ++i) {
    const Image picture = Sample(i);
    const auto count = [&](const FaceDetectorOptions& options) {
      const std::vector<Face> faces =
          landmarker_.Locate(picture, detector_.Detect(picture, options));
      return std::count_if(faces.begin(), faces.end(),
                           [](const Face& face) { return face.presence > 0.5; });
    };
    EXPECT_EQ(count(tiles), count({})) << "sample " << i;
  }
}

TEST_F(FaceNetworksTest, FindsAFaceThatFillsTheFrame) {
  const Image picture = Sample(3);
  const std::vector<Detection> whole = detector_.Detect(picture);
  ASSERT_FALSE(whole.empty());
  const Box& box = whole[0].box;
  const cv::Rect cut(cvRound(box.x0), cvRound(box.y0), cvRound(box.width()), cvRound(box.height()));
  Image close_up(cut.width, cut.height);
  ViewOf(picture)(cut).copyTo(ViewOf(close_up));
  const std::vector<Detection> found = detector_.Detect(close_up);
  ASSERT_EQ(found.size(), 1u);
  EXPECT_GT(IntersectionOverUnion(found[0].box, {0, 0, static_cast<float>(cut.width),
                                                 static_cast<float>(cut.height)}),
            0.7);
}

TEST_F(FaceNetworksTest, PresenceRejectsWhatIsNoFace) {
  const Image picture = Sample(5);
  Image noise(400, 400);
  Random random(8);
  for (uint8_t& value : noise.data) value = static_cast<uint8_t>(UniformInt(random, 256));
  // Boxes on the wall, on the stairs and on noise, with eyes where eyes would be.
  const auto at = [](float x, float y, float side) {
    Detection d;
    d.box = {x, y, x + side, y + side};
    d.right_eye = {x + 0.3f * side, y + 0.4f * side};
    d.left_eye = {x + 0.7f * side, y + 0.4f * side};
    return d;
  };
  const std::vector<Detection> nowhere = {at(1500, 80, 200), at(150, 200, 200), at(1700, 900, 180)};
  for (const Face& face : landmarker_.Locate(picture, nowhere)) EXPECT_LT(face.presence, 0.2);
  const std::vector<Detection> in_noise = {at(100, 100, 200)};
  EXPECT_LT(landmarker_.Locate(noise, in_noise)[0].presence, 0.2);
}

TEST_F(FaceNetworksTest, OddFramesAreNoTrouble) {
  FaceDetectorOptions options;
  options.small_faces = true;
  for (const auto& [width, height] : {std::pair{1, 1}, {3000, 1}, {1, 3000}, {7680, 40}}) {
    EXPECT_TRUE(detector_.Detect(Image(width, height), options).empty());
  }
  EXPECT_THROW(detector_.Detect(Image()), Error);
  EXPECT_THROW(detector_.Detect(Image(9, 9, 1)), Error);
}

TEST_F(FaceNetworksTest, ThreadsDoNotChangeTheResult) {
  FaceDetectorOptions options;
  options.threads = 1;
  FaceDetector one(options);
  options.threads = 2;
  FaceDetector two(options);
  const Image picture = Sample(2);
  const std::vector<Detection> a = one.Detect(picture);
  const std::vector<Detection> b = two.Detect(picture);
  ASSERT_EQ(a.size(), b.size());
  for (size_t i = 0; i < a.size(); ++i) {
    EXPECT_EQ(a[i].box.x0, b[i].box.x0);
    EXPECT_EQ(a[i].confidence, b[i].confidence);
  }
}

TEST(FaceDetectorOptions, AreChecked) {
  const auto refused = [](auto change) {
    FaceDetectorOptions options;
    change(options);
    EXPECT_THROW(options.Validate(), UsageError);
  };
  refused([](auto& o) { o.min_confidence = 0; });
  refused([](auto& o) { o.nms_iou = 1.5; });
  refused([](auto& o) { o.smallest_face = 2; });
  refused([](auto& o) { o.threads = -1; });
  EXPECT_THROW(FivePointsOfMesh(std::vector<Point>(10)), Error);
}

}  // namespace
}  // namespace unmask
