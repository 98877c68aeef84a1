#include "unmask/robustness/measure.h"

#include <gmock/gmock.h>

#include <algorithm>

#include "unmask/base/atomic_file.h"
#include "unmask/base/error.h"
#include "unmask/base/temporary_folder.h"
#include "unmask/detect/test_models.h"
#include "unmask/media/picture.h"

namespace unmask {
namespace {

namespace fs = std::filesystem;
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
