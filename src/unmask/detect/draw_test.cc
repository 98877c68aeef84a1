#include "unmask/detect/draw.h"

#include <gmock/gmock.h>

#include <cstdlib>
#include <fstream>
#include <iterator>
#include <string>

#include "unmask/base/error.h"
#include "unmask/base/temporary_folder.h"
#include "unmask/media/frame_source.h"
#include "unmask/media/picture.h"

namespace unmask {
namespace {

namespace fs = std::filesystem;

struct Rgb {
  int r, g, b;
  bool operator==(const Rgb&) const = default;
};
constexpr Rgb kBlue{0, 114, 178}, kOrange{230, 159, 0};

Rgb At(const Image& image, int x, int y) {
  const uint8_t* p = image.row(y) + 3 * static_cast<ptrdiff_t>(x);
  return {p[0], p[1], p[2]};
}

// A real face that goes right and a fake one that stays and ends early.
Verdict TwoFaces() {
  Verdict verdict;
  verdict.judgement = Judgement::kFake;
  verdict.score = 0.7;
  verdict.duration = 1;
  verdict.frames_searched = 2;
  TrackResult real{.id = 1, .start = 0, .end = 1, .score = 0.1, .fake = false};
  real.places = {{0, 0.0, {200, 300, 300, 400}}, {10, 1.0, {300, 300, 400, 400}}};
  TrackResult fake{.id = 2, .start = 0, .end = 0.5, .score = 0.9, .fake = true};
  fake.places = {{0, 0.0, {600, 300, 700, 400}}, {5, 0.5, {600, 300, 700, 400}}};
  verdict.tracks = {real, fake};
  return verdict;
}

Image Drawn(int64_t frame, double time) {
  Image image(960, 600);
  DrawOnFrame(TwoFaces(), frame, time, image);
  return image;
}

TEST(DrawOnFrame, BoxesHaveTheColourOfTheirTrack) {
  const Image image = Drawn(0, 0.0);
  EXPECT_EQ(At(image, 250, 400), kBlue);
  EXPECT_EQ(At(image, 300, 350), kBlue);
  EXPECT_EQ(At(image, 650, 400), kOrange);
  EXPECT_EQ(At(image, 250, 350), (Rgb{0, 0, 0}));  // inside nothing is hidden
  EXPECT_EQ(At(image, 1, 1), kOrange);             // the verdict in the corner
}

TEST(DrawOnFrame, BoxesMoveEvenlyBetweenDetections) {
  const Image image = Drawn(4, 0.4);
  EXPECT_EQ(At(image, 240, 350), kBlue);
  EXPECT_EQ(At(image, 340, 350), kBlue);
  EXPECT_NE(At(image, 200, 350), kBlue);
}

TEST(DrawOnFrame, ATrackIsShownInItsTimeOnly) {
  EXPECT_EQ(At(Drawn(5, 0.5), 650, 400), kOrange);
  EXPECT_NE(At(Drawn(6, 0.6), 650, 400), kOrange);
  EXPECT_EQ(At(Drawn(11, 1.1), 350, 400), kBlue);  // held to the end of the video
  EXPECT_NE(At(Drawn(40, 4.0), 350, 400), kBlue);  // but not for long
}

TEST(DrawOnFrame, AFaceThatWasHiddenForLongHasNoBoxMeanwhile) {
  Verdict verdict = TwoFaces();
  verdict.frames_searched = 10;
  Image image(960, 600);
  DrawOnFrame(verdict, 4, 0.4, image);
  EXPECT_NE(At(image, 240, 350), kBlue);
}

TEST(DrawOnFrame, TinyFramesAndBoxesOutsideAreNoTrouble) {
  Verdict verdict = TwoFaces();
  verdict.tracks[0].places[0].box = {-500, -500, 5000, -400};
  for (const int size : {1, 2, 9, 64}) {
    Image image(size, size);
    DrawOnFrame(verdict, 0, 0, image);
    EXPECT_EQ(image.data.size(), static_cast<size_t>(3 * size * size));
  }
}

class DrawFile : public testing::Test {
 protected:
  fs::path Make(const std::string& name, const std::string& arguments) {
    const fs::path path = folder_.path() / name;
    const std::string command =
        "ffmpeg -nostdin -v error -y " + arguments + " '" + path.string() + "'";
    EXPECT_EQ(std::system(command.c_str()), 0) << command;
    return path;
  }
  std::string Streams(const fs::path& path) {
    const fs::path list = folder_.path() / "streams.txt";
    const std::string command = "ffprobe -v error -show_entries stream=codec_type -of csv=p=0 '" +
                                path.string() + "' > '" + list.string() + "'";
    EXPECT_EQ(std::system(command.c_str()), 0);
    std::ifstream stream(list);
    return {std::istreambuf_iterator<char>(stream), std::istreambuf_iterator<char>()};
  }

  TemporaryFolder folder_;
};

TEST_F(DrawFile, AVideoKeepsSizeTimesAndSound) {
  // The second half runs at half the rate.
  const fs::path input = Make(
      "in.mp4",
      "-f lavfi -i testsrc=s=400x300:r=20:d=2 -f lavfi -i sine=d=2 -vf "
      "\"select='lt(n,20)+not(mod(n,2))'\" -fps_mode vfr -c:v libx264 -preset ultrafast -c:a aac");
  Verdict verdict = TwoFaces();
  verdict.file = input;
  verdict.tracks[0].places = {{0, 0.0, {100, 100, 200, 200}}, {29, 1.9, {100, 100, 200, 200}}};
  verdict.duration = 2;
  const fs::path output = folder_.path() / "out.mp4";
  double done = 0;
  DrawVerdict(verdict, output, nullptr, [&](double d) { done = d; });
  EXPECT_NEAR(done, 1.9, 0.01);
  const auto before = OpenMedia(input);
  const auto after = OpenMedia(output);
  EXPECT_EQ(after->info().width, 400);
  EXPECT_EQ(after->info().height, 300);
  int64_t frames = 0;
  while (before->Grab()) {
    ASSERT_TRUE(after->Grab());
    EXPECT_NEAR(after->time(), before->time(), 1e-3);
    const Rgb edge = At(after->Retrieve(), 150, 200);
    EXPECT_NEAR(edge.b, kBlue.b, 60);
    EXPECT_LT(edge.r, 90);
    ++frames;
  }
  EXPECT_FALSE(after->Grab());
  EXPECT_EQ(frames, 30);
  EXPECT_THAT(Streams(output), testing::HasSubstr("audio"));
}

TEST_F(DrawFile, APictureGivesAPicture) {
  const fs::path input = folder_.path() / "in.png";
  WritePicture(input, Image(960, 600));
  Verdict verdict = TwoFaces();
  verdict.file = input;
  const fs::path output = folder_.path() / "out.png";
  DrawVerdict(verdict, output);
  EXPECT_EQ(At(ReadPicture(output), 250, 400), kBlue);
}

TEST_F(DrawFile, OutputsThatCannotBeAreRefused) {
  const fs::path picture = folder_.path() / "in.png";
  WritePicture(picture, Image(64, 64));
  const fs::path video = Make("in.mp4", "-f lavfi -i testsrc=s=64x64:d=1");
  EXPECT_THROW(CheckDrawing(picture, picture), UsageError);
  EXPECT_THROW(CheckDrawing(picture, folder_.path() / "." / "in.png"), UsageError);
  EXPECT_THROW(CheckDrawing(picture, folder_.path() / "out.mp4"), UsageError);
  EXPECT_THROW(CheckDrawing(video, folder_.path() / "out.jpg"), UsageError);
  EXPECT_THROW(CheckDrawing(video, folder_.path() / "no" / "out.mp4"), Error);
  EXPECT_THROW(CheckDrawing(folder_.path() / "none.mp4", folder_.path() / "out.mp4"), Error);
  CheckDrawing(picture, folder_.path() / "out.jpg");
  CheckDrawing(video, folder_.path() / "out.mkv");
}

TEST_F(DrawFile, NothingIsLeftWhenItIsStopped) {
  const fs::path video = Make("in.mp4", "-f lavfi -i testsrc=s=64x64:d=2");
  Verdict verdict = TwoFaces();
  verdict.file = video;
  CancelToken cancel;
  EXPECT_THROW(
      DrawVerdict(verdict, folder_.path() / "out.mp4", &cancel, [&](double) { cancel.Cancel(); }),
      Cancelled);
  size_t files = 0;
  for ([[maybe_unused]] const auto& entry : fs::directory_iterator(folder_.path())) ++files;
  EXPECT_EQ(files, 1u);
}

}  // namespace
}  // namespace unmask
