#include "unmask/robustness/measure.h"

#include <gmock/gmock.h>

#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <fstream>
#include <sstream>

#include "unmask/base/atomic_file.h"
#include "unmask/base/error.h"
#include "unmask/base/temporary_folder.h"
#include "unmask/detect/test_models.h"
#include "unmask/forge/autoencoders.h"
#include "unmask/forge/test_autoencoders.h"
#include "unmask/media/picture.h"
#include "unmask/media/scale.h"

namespace unmask {
namespace {

namespace fs = std::filesystem;
using testing::AllOf;
using testing::HasSubstr;

const fs::path kSamples = fs::path(UNMASK_DEPS_DIR) / "samples";

class MeasureTest : public testing::Test {
 protected:
  MeasureTest() {
    options_.detector.model = folder_.path() / "model.onnx";
    WriteMadeUpLite0(options_.detector.model, 64);
    options_.excerpt.seconds = 0.2;
    options_.conditions = {"jpeg", "frame-rate"};
    options_.jobs = 2;
    files_ = {{kSamples / "franck.mp4", "franck", 0}, {kSamples / "suit.jpg", "suit", 0}};
  }

  RobustnessRun Run() const { return MeasureRobustness(files_, out_, options_); }

  // What Run() refuses with; "" where it does not.
  std::string Refusal() const {
    try {
      Run();
    } catch (const UsageError& e) {
      return e.what();
    }
    return "";
  }

  static const RobustnessRecord& Find(const RobustnessRun& run, const std::string& file,
                                      const std::string& forgery, const std::string& condition,
                                      double level) {
    const auto found = std::find_if(run.records.begin(), run.records.end(), [&](const auto& r) {
      return fs::path(r.file).filename() == file && r.forgery == forgery &&
             r.condition == condition && r.level == level;
    });
    if (found == run.records.end()) throw Error("not measured");
    return *found;
  }

  TemporaryFolder folder_;
  fs::path out_ = folder_.path() / "out";
  RobustnessOptions options_;
  std::vector<RobustnessFile> files_;
};

TEST_F(MeasureTest, UndisturbedIsWhatDetectSays) {
  options_.conditions = {"jpeg"};
  const RobustnessRun run = Run();
  EXPECT_EQ(run.measured, 12);
  EXPECT_EQ(run.records.size(), 12u);
  const RobustnessRecord& record = Find(run, "suit.jpg", "", kUndisturbed, 0);
  const Verdict verdict = Detector(options_.detector).Judge(kSamples / "suit.jpg");
  EXPECT_DOUBLE_EQ(record.score, verdict.score);
  EXPECT_EQ(record.turned_faces.size(), 1u);
  EXPECT_GT(record.face_size, 100);
  EXPECT_NE(Find(run, "suit.jpg", "", "jpeg", 20).score, record.score);
}

TEST_F(MeasureTest, GoesOnAndMeasuresOnlyWhatIsMissing) {
  options_.conditions = {"jpeg"};
  EXPECT_EQ(Run().measured, 12);
  EXPECT_EQ(Run().measured, 0);
  options_.conditions = {"jpeg", "frame-rate"};
  options_.jobs = 1;
  const RobustnessRun run = Run();
  EXPECT_EQ(run.measured, 8);
  EXPECT_EQ(run.records.size(), 20u);
  EXPECT_EQ(Find(run, "suit.jpg", "", "frame-rate", 5).outcome, RobustnessOutcome::kLeftOut);
  EXPECT_EQ(Find(run, "franck.mp4", "", "frame-rate", 5).outcome, RobustnessOutcome::kJudged);
  options_.seed = 2;
  EXPECT_THROW(Run(), UsageError);
  options_.seed = 1;
  options_.detector.model_sidecar = folder_.path() / "info.json";  // the same file, other scores
  WriteTextFile(options_.detector.model_sidecar, R"({"temperature": 3})");
  EXPECT_THROW(Run(), UsageError);
}

TEST_F(MeasureTest, AForgeryThatIsNamedTwiceIsMeasuredOnce) {
  options_.conditions = {"jpeg"};
  options_.forgeries = {"warp", "warp"};
  files_.pop_back();
  EXPECT_EQ(Run().measured, 12);
}

TEST_F(MeasureTest, TheSameForAnyNumberOfJobs) {
  options_.forgeries = {"self-blend"};
  const RobustnessRun two = Run();
  out_ = folder_.path() / "again";
  options_.jobs = 1;
  const RobustnessRun one = Run();
  ASSERT_EQ(one.records.size(), two.records.size());
  for (size_t i = 0; i < one.records.size(); ++i) {
    EXPECT_EQ(one.records[i].key(), two.records[i].key());
    EXPECT_EQ(one.records[i].score, two.records[i].score);
  }
  EXPECT_NE(Find(one, "suit.jpg", "self-blend", kUndisturbed, 0).score,
            Find(one, "suit.jpg", "", kUndisturbed, 0).score);
}

TEST_F(MeasureTest, ScenesPutAFakeBesideRealFilesOfOtherPeople) {
  options_.conditions = {"several"};
  options_.forgeries = {"self-blend"};
  files_ = {{kSamples / "suit.jpg", "suit", 0}, {kSamples / "sample2.jpg", "other", 0}};
  const RobustnessRun run = Run();
  const RobustnessRecord& scene = Find(run, "suit.jpg", "self-blend", "several", 2);
  ASSERT_EQ(scene.people.size(), 2u);
  EXPECT_EQ(scene.people[0].first + scene.people[1].first, 1);
  EXPECT_GT(scene.people[0].second, 0);
  EXPECT_GT(scene.people[1].second, 0);
  EXPECT_THAT(Find(run, "suit.jpg", "self-blend", "several", 3).why, HasSubstr("too few"));
  EXPECT_THROW(Find(run, "suit.jpg", "", "several", 2), Error);  // nothing is forged in it
}

TEST_F(MeasureTest, FilesThatFailAreNamedAndTheOthersGoOn) {
  Image grey(64, 64);
  std::fill(grey.data.begin(), grey.data.end(), 128);
  WritePicture(folder_.path() / "grey.png", grey);
  files_.push_back({folder_.path() / "grey.png", "nobody", 0});
  files_.push_back({folder_.path() / "gone.mp4", "gone", 0});
  options_.forgeries = {"warp"};
  options_.conditions = {"jpeg"};
  const RobustnessRun run = Run();
  ASSERT_EQ(run.failed.size(), 1u);
  EXPECT_EQ(run.failed[0].file.filename(), "gone.mp4");
  EXPECT_EQ(Find(run, "grey.png", "", "jpeg", 60).outcome, RobustnessOutcome::kNoFace);
}

// Temporary folders cannot be made while it lives.
class WithoutTemporaryFolders {
 public:
  WithoutTemporaryFolders() { setenv("TMPDIR", "/proc", 1); }
  ~WithoutTemporaryFolders() {
    before_.empty() ? unsetenv("TMPDIR") : setenv("TMPDIR", before_.c_str(), 1);
  }

 private:
  const std::string before_ = std::getenv("TMPDIR") == nullptr ? "" : std::getenv("TMPDIR");
};

TEST_F(MeasureTest, WhatFailsInPassingIsNotRecordedAndTriedAgain) {
  options_.conditions = {"crf", "frame-rate"};  // videos are encoded in a temporary folder
  {
    const WithoutTemporaryFolders full;
    const RobustnessRun run = Run();
    ASSERT_EQ(run.failed.size(), 1u);
    EXPECT_EQ(run.failed[0].file.filename(), "franck.mp4");
    EXPECT_THAT(run.failed[0].why, HasSubstr("franck.mp4, crf at 18: cannot create a temporary"));
    EXPECT_EQ(run.measured, 16);  // all but the video's six levels of crf
    EXPECT_THROW(Find(run, "franck.mp4", "", "crf", 18), Error);
    EXPECT_EQ(Find(run, "franck.mp4", "", "frame-rate", 5).outcome, RobustnessOutcome::kJudged);
  }
  const RobustnessRun run = Run();
  EXPECT_TRUE(run.failed.empty());
  EXPECT_EQ(run.measured, 6);
  EXPECT_EQ(Find(run, "franck.mp4", "", "crf", 18).outcome, RobustnessOutcome::kJudged);
}

TEST_F(MeasureTest, AScenesMissingPersonIsNoReasonToLeaveItOut) {
  options_.conditions = {"several"};
  files_ = {{kSamples / "suit.jpg", "suit", 1}, {folder_.path() / "gone.jpg", "gone", 0}};
  const RobustnessRun run = Run();
  ASSERT_EQ(run.failed.size(), 2u);
  EXPECT_EQ(run.measured, 1);  // undisturbed
}

TEST_F(MeasureTest, FacesThatOnlyTheSearchForSmallOnesFindsAreMeasured) {
  // A face of some 55 pixels in a frame of 1080 lines.
  const Image portrait = ReadPicture(kSamples / "suit.jpg");
  files_.erase(files_.begin());
  const double size = Find(Run(), "suit.jpg", "", kUndisturbed, 0).face_size;
  const Image small = Scaled(portrait, static_cast<int>(portrait.width * 55 / size),
                             static_cast<int>(portrait.height * 55 / size));
  Image frame(1920, 1080);
  std::fill(frame.data.begin(), frame.data.end(), 128);
  for (int y = 0; y < small.height; ++y) {
    std::copy_n(small.row(y), small.row_bytes(), frame.row(300 + y) + 3 * 400);
  }
  WritePicture(folder_.path() / "far.png", frame);
  files_ = {{folder_.path() / "far.png", "far", 0}};
  options_.conditions = {"bright"};
  out_ = folder_.path() / "plain";
  EXPECT_EQ(Find(Run(), "far.png", "", kUndisturbed, 0).outcome, RobustnessOutcome::kNoFace);
  options_.detector.small_faces = true;
  out_ = folder_.path() / "thorough";
  const RobustnessRun run = Run();
  EXPECT_NEAR(Find(run, "far.png", "", kUndisturbed, 0).face_size, 55, 6);
  EXPECT_EQ(Find(run, "far.png", "", "bright", 1.25).outcome, RobustnessOutcome::kJudged);
}

TEST_F(MeasureTest, RefusesFilesThatWereReplacedByOnesOfTheSameSize) {
  const fs::path file = folder_.path() / "face.jpg";
  fs::copy_file(kSamples / "suit.jpg", file);
  files_ = {{file, "suit", 0}};
  options_.conditions = {"jpeg"};
  EXPECT_EQ(Run().measured, 6);
  EXPECT_EQ(Run().measured, 0);
  const auto before = fs::last_write_time(file);
  fs::last_write_time(file, before + std::chrono::seconds(2));
  EXPECT_THAT(Refusal(), HasSubstr("other files, or theirs have changed"));
  fs::last_write_time(file, before);
  EXPECT_EQ(Run().measured, 0);
}

TEST_F(MeasureTest, RefusesCopiesThatOtherNetworksForged) {
  UseTestAutoencoders();
  files_.erase(files_.begin());
  options_.conditions = {"jpeg"};
  options_.forgeries = {"reconstruct", "warp"};
  const std::string networks = Autoencoders::Installed().fingerprint();
  const RobustnessRun run = Run();
  EXPECT_EQ(run.forgery_means, "reconstruct: " + networks);
  EXPECT_EQ(Find(run, "suit.jpg", "reconstruct", "jpeg", 20).forgery_means, run.forgery_means);
  EXPECT_EQ(Find(run, "suit.jpg", "warp", "jpeg", 20).forgery_means, "");
  EXPECT_EQ(Run().measured, 0);

  // As if they had been others.
  std::stringstream text;
  text << std::ifstream(out_ / "results.jsonl").rdbuf();
  std::string changed = text.str();
  const std::string others(networks.size(), '0');
  for (size_t at; (at = changed.find(networks)) != std::string::npos;) {
    changed.replace(at, networks.size(), others);
  }
  WriteTextFile(out_ / "results.jsonl", changed);
  EXPECT_THAT(Refusal(), AllOf(HasSubstr(networks), HasSubstr(others), HasSubstr("--out")));
  options_.forgeries = {"warp"};
  EXPECT_EQ(Run().measured, 0);
}

TEST_F(MeasureTest, RefusesBadOptions) {
  options_.conditions = {"jepg"};
  EXPECT_THROW(Run(), UsageError);
  options_.conditions = {};
  options_.forgeries = {"cross-blend"};
  EXPECT_THROW(Run(), UsageError);
  options_.forgeries = {};
  options_.excerpt.seconds = 0;
  EXPECT_THROW(Run(), UsageError);
  EXPECT_FALSE(fs::exists(out_));
}

TEST_F(MeasureTest, StopsOnRequest) {
  CancelToken cancel;
  const auto stop = [&](int64_t done, int64_t, const std::string&) {
    if (done >= 2) cancel.Cancel();
  };
  EXPECT_THROW(MeasureRobustness(files_, out_, options_, &cancel, stop), Cancelled);
  const RobustnessRun run = Run();
  EXPECT_LT(run.measured, 20);
  EXPECT_EQ(run.records.size(), 20u);
}

}  // namespace
}  // namespace unmask
