#include "unmask/detect/detector.h"

#include <gmock/gmock.h>

#include <algorithm>
#include <cstdlib>
#include <functional>
#include <string>

#include "unmask/base/atomic_file.h"
#include "unmask/base/error.h"
#include "unmask/base/temporary_folder.h"
#include "unmask/detect/test_models.h"

namespace unmask {
namespace {

namespace fs = std::filesystem;
using testing::AllOf;
using testing::HasSubstr;

const fs::path kSamples = fs::path(UNMASK_DEPS_DIR) / "samples";

class DetectorTest : public testing::Test {
 protected:
  DetectorTest() {
    WriteMadeUpLite0(folder_.path() / "model.onnx", 64);
    options_.model = folder_.path() / "model.onnx";
  }

  // Every face gets the same score: the sigmoid of `bias`.
  void GiveEveryFace(float bias) {
    ModelMetadata metadata;
    metadata.input_width = metadata.input_height = 32;
    metadata.threshold = 0.6;
    WriteMeanColourModel(options_.model, metadata, {0, 0, 0}, {bias});
  }

  fs::path Make(const std::string& name, const std::string& arguments) {
    const fs::path path = folder_.path() / name;
    const std::string command =
        "ffmpeg -nostdin -v error -y " + arguments + " '" + path.string() + "'";
    EXPECT_EQ(std::system(command.c_str()), 0) << command;
    return path;
  }

  fs::path Clip(int seconds) {
    return Make("clip.mp4", "-i '" + (kSamples / "franck.mp4").string() + "' -t " +
                                std::to_string(seconds) +
                                " -vf scale=-2:360 -c:v libx264 -preset ultrafast -an");
  }

  TemporaryFolder folder_;
  DetectorOptions options_;
};

TEST_F(DetectorTest, AClipOfOnePersonHasOneTrack) {
  const fs::path clip = Clip(5);
  Detector detector(options_);
  double done = 0, total = 0;
  const Verdict verdict = detector.Judge(clip, nullptr, [&](double d, double t) {
    EXPECT_GE(d, done);
    done = d;
    total = t;
  });
  EXPECT_NEAR(total, 5, 0.1);
  EXPECT_NEAR(done, 5, 0.2);
  EXPECT_EQ(verdict.file, clip);
  EXPECT_FALSE(verdict.is_picture);
  EXPECT_EQ(verdict.height, 360);
  EXPECT_NEAR(verdict.duration, 5, 0.1);
  ASSERT_EQ(verdict.tracks.size(), 1u);
  const TrackResult& track = verdict.tracks[0];
  EXPECT_EQ(track.id, 1);
  EXPECT_EQ(track.faces.size(), 32u);
  EXPECT_EQ(static_cast<int64_t>(track.places.size()), verdict.frames_searched);
  EXPECT_LT(track.start, 0.2);
  EXPECT_GT(track.end, 4.7);
  double sum = 0;
  for (const FaceResult& face : track.faces) {
    EXPECT_GT(face.score, 0);
    EXPECT_LT(face.score, 1);
    EXPECT_GT(face.box.width(), 30);
    sum += face.score;
  }
  EXPECT_NEAR(track.score, sum / 32, 1e-9);
  EXPECT_NEAR(verdict.score, track.score, 1e-9);  // AT of one track
  EXPECT_EQ(verdict.judgement == Judgement::kFake, verdict.score >= 0.5);
  for (const double seconds : {verdict.times.decode, verdict.times.detect, verdict.times.landmarks,
                               verdict.times.align, verdict.times.classify}) {
    EXPECT_GT(seconds, 0);
    EXPECT_LT(seconds, verdict.times.total);
  }
}

TEST_F(DetectorTest, BatchesAndThreadsDoNotChangeTheScores) {
  const fs::path clip = Clip(2);
  std::vector<Verdict> verdicts;
  for (const auto& [batch, threads] : {std::pair{1, 1}, {5, 2}, {32, 2}}) {
    options_.batch = batch;
    options_.threads = threads;
    verdicts.push_back(Detector(options_).Judge(clip));
  }
  for (const Verdict& verdict : verdicts) {
    ASSERT_EQ(verdict.tracks.size(), verdicts[0].tracks.size());
    for (size_t t = 0; t < verdict.tracks.size(); ++t) {
      const auto& faces = verdict.tracks[t].faces;
      const auto& expected = verdicts[0].tracks[t].faces;
      ASSERT_EQ(faces.size(), expected.size());
      for (size_t f = 0; f < faces.size(); ++f) {
        EXPECT_EQ(faces[f].frame, expected[f].frame);
        EXPECT_NEAR(faces[f].score, expected[f].score, 1e-6);
      }
    }
  }
}

TEST_F(DetectorTest, FacesOfAPictureAreNumberedFromLeftToRight) {
  Detector detector(options_);
  const Verdict verdict = detector.Judge(kSamples / "sample6.jpg");
  EXPECT_TRUE(verdict.is_picture);
  EXPECT_EQ(verdict.duration, 0);
  ASSERT_EQ(verdict.tracks.size(), 4u);
  for (size_t i = 0; i < 4; ++i) {
    EXPECT_EQ(verdict.tracks[i].id, static_cast<int>(i) + 1);
    EXPECT_EQ(verdict.tracks[i].faces.size(), 1u);
    if (i == 0) continue;
    EXPECT_LT(verdict.tracks[i - 1].places[0].box.x0, verdict.tracks[i].places[0].box.x0);
  }
}

TEST_F(DetectorTest, EveryFaceOfEveryFrameIsJudgedOnRequest) {
  const fs::path clip = Clip(5);
  options_.every_frame = true;
  const Verdict verdict = Detector(options_).Judge(clip);
  EXPECT_EQ(verdict.frames_searched, verdict.frames_decoded);
  ASSERT_EQ(verdict.tracks.size(), 1u);
  const TrackResult& track = verdict.tracks[0];
  EXPECT_GT(track.faces.size(), 100u);  // more than a part of the stream holds
  ASSERT_EQ(track.faces.size(), track.places.size());
  for (size_t i = 0; i < track.faces.size(); ++i) {
    EXPECT_EQ(track.faces[i].frame, track.places[i].frame);
    EXPECT_GT(track.faces[i].score, 0);
  }
}

TEST_F(DetectorTest, TheThresholdIsTheModelsUnlessGiven) {
  GiveEveryFace(0.2f);  // 0.55
  Detector detector(options_);
  EXPECT_EQ(detector.settings().threshold, 0.6);
  Verdict verdict = detector.Judge(kSamples / "suit.jpg");
  EXPECT_NEAR(verdict.score, 0.549834, 1e-5);
  EXPECT_EQ(verdict.judgement, Judgement::kReal);
  ASSERT_EQ(verdict.tracks.size(), 1u);
  EXPECT_FALSE(verdict.tracks[0].fake);
  options_.threshold = 0.5;
  verdict = Detector(options_).Judge(kSamples / "suit.jpg");
  EXPECT_EQ(verdict.judgement, Judgement::kFake);
  EXPECT_TRUE(verdict.tracks[0].fake);
}

TEST_F(DetectorTest, AShareOfVotesIsComparedWithOneHalf) {
  GiveEveryFace(2);  // 0.88
  options_.aggregation = Aggregation::kMaxFaces;
  options_.vote_score = VoteScore::kShare;
  options_.threshold = 0.8;
  Verdict verdict = Detector(options_).Judge(kSamples / "sample6.jpg");
  EXPECT_EQ(verdict.score, 1);
  EXPECT_TRUE(verdict.score_is_share);
  EXPECT_EQ(verdict.threshold, 0.5);
  EXPECT_EQ(verdict.judgement, Judgement::kFake);
  options_.threshold = 0.9;
  verdict = Detector(options_).Judge(kSamples / "sample6.jpg");
  EXPECT_EQ(verdict.score, 0);
  EXPECT_EQ(verdict.judgement, Judgement::kReal);
}

TEST_F(DetectorTest, NoFaceIsAVerdict) {
  const fs::path grey = Make("grey.mp4", "-f lavfi -i color=gray:s=320x240:d=1");
  const Verdict verdict = Detector(options_).Judge(grey);
  EXPECT_EQ(verdict.judgement, Judgement::kNoFace);
  EXPECT_TRUE(verdict.tracks.empty());
  EXPECT_GT(verdict.frames_searched, 10);
}

TEST_F(DetectorTest, AFileThatFailsDoesNotSpoilTheNext) {
  const fs::path text = folder_.path() / "notes.mp4";
  WriteTextFile(text, "no video");
  Detector detector(options_);
  EXPECT_THROW(detector.Judge(text), Error);
  const Verdict failed = detector.TryJudge(text);
  EXPECT_EQ(failed.judgement, Judgement::kError);
  EXPECT_EQ(failed.file, text);
  EXPECT_THAT(failed.error, HasSubstr("notes.mp4"));
  const Verdict alone = Detector(options_).Judge(kSamples / "suit.jpg");
  EXPECT_EQ(detector.TryJudge(kSamples / "suit.jpg").score, alone.score);
}

TEST_F(DetectorTest, StopsOnRequestAndGoesOnAfterwards) {
  const fs::path clip = Clip(5);
  Detector detector(options_);
  const double expected = Detector(options_).Judge(clip).score;
  CancelToken cancel;
  EXPECT_THROW(detector.TryJudge(clip, &cancel, [&](double, double) { cancel.Cancel(); }),
               Cancelled);
  EXPECT_EQ(detector.Judge(clip).score, expected);
}

TEST_F(DetectorTest, OptionsAreChecked) {
  const auto refused = [](const std::function<void(DetectorOptions&)>& change) {
    DetectorOptions options;
    change(options);
    EXPECT_THROW(options.Validate(), UsageError);
  };
  refused([](auto& o) { o.threshold = 1.5; });
  refused([](auto& o) { o.detect_fps = 0; });
  refused([](auto& o) { o.faces_per_track = 0; });
  refused([](auto& o) { o.threads = -1; });
  refused([](auto& o) { o.min_face_confidence = 2; });
  DetectorOptions().Validate();
}

}  // namespace
}  // namespace unmask
