#include "unmask/robustness/summary.h"

#include <gmock/gmock.h>

#include <cmath>

#include "unmask/base/error.h"

namespace unmask {
namespace {

class SummaryTest : public testing::Test {
 protected:
  // Real files r0 … r5 of six people, fakes f0, f1.
  SummaryTest() {
    for (int i = 0; i < 6; ++i) {
      const std::string name = "r" + std::to_string(i);
      files_.push_back({name, name, 0, {{"sex", i < 3 ? "female" : "male"}}});
    }
    for (const char* name : {"f0", "f1"}) files_.push_back({name, name, 1, {}});
    options_.bootstrap.resamples = 200;
  }

  RobustnessRecord& Add(const std::string& file, const std::string& condition, double level,
                        double score) {
    RobustnessRecord record;
    record.file = file;
    record.condition = condition;
    record.level = level;
    record.score = score;
    record.fake = score >= 0.5;
    return records_.emplace_back(record);
  }

  RobustnessSummary Summary() const { return Summarize(files_, records_, options_); }

  std::vector<RobustnessFile> files_;
  std::vector<RobustnessRecord> records_;
  SummaryOptions options_;
};

TEST_F(SummaryTest, CountsWhatHasNoScoreAndMeasuresTheRest) {
  options_.conditions = {"crf"};
  Add("r0", "crf", 18, 0.1);
  Add("r1", "crf", 18, 0.6);
  Add("r2", "crf", 18, 0).outcome = RobustnessOutcome::kNoFace;
  RobustnessRecord& left_out = Add("r3", "crf", 18, 0);
  left_out.outcome = RobustnessOutcome::kLeftOut;
  left_out.why = "it is too large";
  Add("f0", "crf", 18, 0.55);
  Add("r4", "crf", 18, 0.9).forgery = "warp";
  const RobustnessSummary summary = Summary();
  ASSERT_EQ(summary.conditions.size(), 1u);
  const LevelSummary& level = summary.conditions[0].levels[0];
  EXPECT_EQ(level.files, 6);
  EXPECT_EQ(level.no_face, 1);
  EXPECT_EQ(level.left_out, 1);
  EXPECT_EQ(level.why_left_out, (std::map<std::string, int64_t>{{"it is too large", 1}}));
  EXPECT_EQ(level.false_alarms.items, 2);
  EXPECT_EQ(level.false_alarms.events, 1);
  EXPECT_EQ(level.found.items, 2);
  EXPECT_EQ(level.found.events, 2);
  ASSERT_TRUE(level.auc);
  EXPECT_DOUBLE_EQ(level.auc->value, 0.75);  // 0.55 < 0.6 is the only pair in the wrong order
  EXPECT_EQ(summary.conditions[0].levels[1].files, 0);
  EXPECT_FALSE(summary.conditions[0].levels[1].auc);
}

TEST_F(SummaryTest, TurnedFacesOfAFileAreOneItem) {
  options_.conditions = {"profile"};
  Add("r0", kUndisturbed, 0, 0.5).turned_faces = {{5, 0.2}, {14, 0.4}, {50, 0.9}};
  Add("f0", kUndisturbed, 0, 0.5).turned_faces = {{40, 0.8}};
  const std::vector<LevelSummary> levels = Summary().conditions[0].levels;
  EXPECT_EQ(levels[0].false_alarms.items, 1);
  EXPECT_EQ(levels[0].false_alarms.events, 0);
  EXPECT_EQ(levels[0].left_out, 1);
  EXPECT_EQ(levels[0].why_left_out.size(), 1u);
  EXPECT_EQ(levels[2].found.events, 1);
  EXPECT_EQ(levels[3].false_alarms.events, 1);
}

TEST_F(SummaryTest, ScenesAreMeasuredPersonByPerson) {
  options_.conditions = {"several"};
  Add("f0", "several", 2, 0.4).people = {{0, 0.1}, {1, 0.7}};
  Add("f1", "several", 2, 0.6).people = {{1, 0.3}, {0, std::nan("")}};
  const LevelSummary level = Summary().conditions[0].levels[0];
  EXPECT_EQ(level.files, 4);
  EXPECT_EQ(level.no_face, 1);
  EXPECT_EQ(level.found.items, 2);
  EXPECT_EQ(level.found.events, 1);
  EXPECT_EQ(level.false_alarms.items, 1);
  EXPECT_EQ(level.false_alarms.events, 0);
  EXPECT_EQ(level.scenes_called_fake.items, 2);
  EXPECT_EQ(level.scenes_called_fake.events, 1);
}

TEST_F(SummaryTest, GroupsOfUndisturbedRealFiles) {
  options_.columns = {"sex"};
  for (int i = 0; i < 6; ++i) Add("r" + std::to_string(i), kUndisturbed, 0, i < 3 ? 0.9 : 0.1);
  Add("r0", kUndisturbed, 0, 0.9).forgery = "warp";  // a fake, no false alarm
  files_[5].attributes["sex"] = "";
  const RobustnessSummary summary = Summary();
  ASSERT_EQ(summary.groups.size(), 1u);
  const GroupSummary& group = summary.groups[0];
  EXPECT_EQ(group.without, 1);
  ASSERT_EQ(group.comparison.groups.size(), 2u);
  EXPECT_EQ(group.comparison.groups[0].name, "female");
  EXPECT_EQ(group.comparison.groups[0].rate.events, 3);
  EXPECT_EQ(group.comparison.groups[1].rate.items, 2);
  EXPECT_NEAR(group.comparison.p, 0.1, 0.02);  // 1 of the C(5, 3) = 10 ways
  EXPECT_EQ(group.adjusted_p, group.comparison.p);
  options_.columns = {"sxe"};
  EXPECT_THROW(Summary(), UsageError);
  options_.columns = {"sex"};  // which is of a person, not of a file
  files_.push_back(files_[0]);
  files_.back().attributes["sex"] = "male";
  EXPECT_THROW(Summary(), UsageError);
}

TEST_F(SummaryTest, RefusesRecordsOfUnknownFiles) {
  Add("x", "crf", 18, 0.1);
  EXPECT_THROW(Summary(), Error);
}

}  // namespace
}  // namespace unmask
