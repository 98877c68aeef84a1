#include "unmask/report/robustness_report.h"

#include <gmock/gmock.h>

#include <fstream>
#include <nlohmann/json.hpp>

#include "unmask/base/temporary_folder.h"

namespace unmask {
namespace {

namespace fs = std::filesystem;
using testing::AllOf;
using testing::Contains;
using testing::HasSubstr;
using testing::Not;

class RobustnessReportTest : public testing::Test {
 protected:
  // Twelve real files by women, twelve by men, and as many fakes; undisturbed all is well but for
  // false alarms of every man. JPEG of quality 20 makes every file look fake, 40 hides every face.
  RobustnessReportTest() {
    report_.options.conditions = {"jpeg", "profile", "several"};
    report_.options.columns = {"sex"};
    report_.options.bootstrap.resamples = 200;
    report_.settings.model_name = "tiny";
    report_.settings.model_sha256 = "0123456789abcdef";
    report_.manifest = "files.tsv";
    report_.forgeries = {"warp"};
    report_.forgery_means = "reconstruct: 0123";
    report_.failed = {{"gone.mp4", "gone.mp4: does not exist"}};
    std::vector<RobustnessFile> files;
    std::vector<RobustnessRecord> records;
    const auto add = [&](const std::string& file, const char* condition, double level,
                         double score) -> RobustnessRecord& {
      RobustnessRecord record;
      record.file = file;
      record.condition = condition;
      record.level = level;
      record.score = score;
      record.fake = score >= 0.5;
      return records.emplace_back(record);
    };
    for (int i = 0; i < 48; ++i) {
      const std::string name = std::to_string(i);
      const bool fake = i >= 24, man = i % 2 == 1;
      files.push_back({name, name, fake, {{"sex", man ? "male" : "female"}}});
      add(name, kUndisturbed, 0, fake ? 0.9 : man ? 0.6 : 0.1);
      add(name, "jpeg", 20, 0.7);
      add(name, "jpeg", 40, 0).outcome = RobustnessOutcome::kNoFace;
      RobustnessRecord& left_out = add(name, "jpeg", 60, 0);
      left_out.outcome = RobustnessOutcome::kLeftOut;
      left_out.why = fake ? "it is fake" : "it is real";
      if (fake) add(name, "several", 2, 0.3).people = {{1, 0.8}, {0, 0.2}};
    }
    report_.summary = Summarize(files, records, report_.options);
  }

  RobustnessReport report_;
};

TEST_F(RobustnessReportTest, FindingsSayWhatPartsAndNothingElse) {
  EXPECT_THAT(
      RobustnessFindings(report_),
      testing::ElementsAre(
          AllOf(HasSubstr("AUC 1.000"), HasSubstr("false alarms 50.0 %"), HasSubstr("24 real")),
          HasSubstr("AUC falls, its interval wholly below the undisturbed one, from: `jpeg` at 20"),
          HasSubstr("More false alarms, the interval wholly above the undisturbed one, from: "
                    "`jpeg` at 20: 100.0 %"),
          AllOf(HasSubstr("Among 2 people, the forged one is found in 100.0 %"),
                HasSubstr("real ones are accused in 0.0 %"), HasSubstr("“fake” in 0.0 %")),
          AllOf(HasSubstr("By sex"), HasSubstr("differ beyond chance"), HasSubstr("male"))));
  report_.summary.groups[0].adjusted_p = 0.2;
  EXPECT_THAT(RobustnessFindings(report_).back(), HasSubstr("no difference"));
}

TEST_F(RobustnessReportTest, TextHasTheStrongestLevelThatSaysSomething) {
  const std::string text = RobustnessText(report_);
  EXPECT_THAT(text, HasSubstr("jpeg 20"));
  EXPECT_THAT(text, Not(HasSubstr("jpeg 40")));
  EXPECT_THAT(text, Not(HasSubstr("so few files")));
}

TEST_F(RobustnessReportTest, FewFilesAreWarnedOf) {
  report_.summary.undisturbed.false_alarms.items = kFewFiles - 1;
  EXPECT_THAT(RobustnessText(report_), HasSubstr("so few files"));
  EXPECT_THAT(ToMarkdown(RobustnessDocument(report_, {}), "."), HasSubstr("so few files"));
}

TEST_F(RobustnessReportTest, DocumentCountsWhatHasNoScore) {
  const std::string text = ToMarkdown(RobustnessDocument(report_, {}), ".");
  EXPECT_THAT(text, HasSubstr("| 40 | 0 | 0 | – | – | – | 48 | 0 |"));
  EXPECT_THAT(text, HasSubstr("Profile views: undisturbed faces by the turn of the head: from a "
                              "level to the next** – none of these files has a score"));
  EXPECT_THAT(text, HasSubstr("Left out: it is fake (24 at 60); it is real (24 at 60)."));
  EXPECT_THAT(text, HasSubstr("gone.mp4: does not exist"));
  EXPECT_THAT(text, HasSubstr("few files"));
  EXPECT_THAT(text, HasSubstr("a copy forged by each of warp"));
}

TEST_F(RobustnessReportTest, JsonHasTheNumbers) {
  const Json json = RobustnessJson(report_);
  EXPECT_EQ(json["undisturbed"]["false_alarms"]["events"], 12);
  EXPECT_EQ(json["options"]["forgery_means"], "reconstruct: 0123");
  EXPECT_EQ(json["conditions"][0]["levels"][3]["no_face"], 48);
  EXPECT_FALSE(json["conditions"][0]["levels"][3].contains("why_left_out"));
  EXPECT_EQ(json["conditions"][0]["levels"][2]["why_left_out"]["it is fake"], 24);
  EXPECT_EQ(json["columns"][0]["groups"][1]["false_alarms"]["value"], 1);
  EXPECT_EQ(json["conditions"][2]["levels"][0]["scenes_called_fake"]["items"], 24);
}

TEST_F(RobustnessReportTest, FiguresHaveUndisturbedFirst) {
  const Figure figure = ConditionsFigure(report_);
  ASSERT_EQ(figure.panels.size(), 2u);  // nothing is known of profiles
  const Plot& jpeg = figure.panels[0];
  EXPECT_EQ(jpeg.x.names, (std::vector<std::string>{"none", "95", "80", "60", "40", "20"}));
  EXPECT_DOUBLE_EQ(jpeg.series[0].y.front(), 1);
  EXPECT_DOUBLE_EQ(jpeg.series[1].y.back(), 1);
  EXPECT_EQ(GroupsFigure(report_).panels.size(), 1u);
}

TEST_F(RobustnessReportTest, WritesTheFolder) {
  const TemporaryFolder folder;
  const std::vector<fs::path> files = WriteRobustnessReport(folder.path(), report_);
  EXPECT_THAT(files, Contains(folder.path() / "conditions.png"));
  EXPECT_THAT(files, Contains(folder.path() / "report.html"));
  for (const fs::path& file : files) EXPECT_GT(fs::file_size(file), 500u) << file;
}

}  // namespace
}  // namespace unmask
