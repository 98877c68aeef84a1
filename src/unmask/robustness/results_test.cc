#include "unmask/robustness/results.h"

#include <gmock/gmock.h>

#include <cmath>
#include <fstream>
#include <limits>
#include <nlohmann/json.hpp>
#include <sstream>

#include "unmask/base/error.h"
#include "unmask/base/temporary_folder.h"

namespace unmask {
namespace {

namespace fs = std::filesystem;
using testing::HasSubstr;

class ResultsTest : public testing::Test {
 protected:
  static RobustnessRecord Record(double level) {
    RobustnessRecord record;
    record.file = "ä b.mp4";
    record.condition = "crf";
    record.level = level;
    record.score = 0.1 + level / 100;
    record.fake = true;
    return record;
  }
  std::string Text() const {
    std::ifstream file(path_);
    std::stringstream text;
    text << file.rdbuf();
    return text.str();
  }
  std::string Refusal(const Json& settings) const {
    try {
      RobustnessResults results(path_, settings);
    } catch (const Error& e) {
      return e.what();
    }
    return "";
  }

  TemporaryFolder folder_;
  fs::path path_ = folder_.path() / "results.jsonl";
  Json settings_ = {{"model", {{"name", "m"}}}, {"seed", 1}};
};

TEST_F(ResultsTest, ComeBackAsTheyWere) {
  RobustnessRecord scene = Record(3);
  scene.condition = "several";
  scene.people = {{1, 0.7}, {0, std::numeric_limits<double>::quiet_NaN()}};
  RobustnessRecord plain = Record(0);
  plain.condition = kUndisturbed;
  plain.forgery = "reconstruct";
  plain.forgery_means = "reconstruct: 0123";
  plain.turned_faces = {{12.5, 0.25}};
  plain.face_size = 81.25;
  RobustnessRecord out = Record(0.8);
  out.outcome = RobustnessOutcome::kLeftOut;
  out.why = "its face is smaller";
  {
    RobustnessResults results(path_, settings_);
    for (const RobustnessRecord& record : {scene, plain, out}) results.Add(record);
  }
  const RobustnessResults again(path_, settings_);
  EXPECT_TRUE(again.Has(out));
  EXPECT_FALSE(again.Has(Record(0.6)));
  const std::vector<RobustnessRecord> records = again.Records();
  ASSERT_EQ(records.size(), 3u);
  EXPECT_EQ(records[0].why, out.why);
  EXPECT_EQ(records[0].outcome, RobustnessOutcome::kLeftOut);
  EXPECT_EQ(records[1].people[0], scene.people[0]);
  EXPECT_TRUE(std::isnan(records[1].people[1].second));
  EXPECT_EQ(records[1].score, scene.score);
  EXPECT_TRUE(records[1].fake);
  EXPECT_EQ(records[2].forgery_means, plain.forgery_means);
  EXPECT_EQ(records[2].turned_faces, plain.turned_faces);
  EXPECT_EQ(records[2].face_size, plain.face_size);
}

TEST_F(ResultsTest, ALineThatACrashCutShortIsMeasuredAgain) {
  {
    RobustnessResults results(path_, settings_);
    results.Add(Record(18));
    results.Add(Record(23));
  }
  const std::string whole = Text();
  fs::resize_file(path_, whole.size() - 20);
  {
    RobustnessResults results(path_, settings_);
    EXPECT_TRUE(results.Has(Record(18)));
    EXPECT_FALSE(results.Has(Record(23)));
    results.Add(Record(23));
  }
  EXPECT_EQ(Text(), whole);
}

TEST_F(ResultsTest, RefusesOtherOptionsOtherFilesAndASecondRun) {
  Json other = settings_;
  other["digest_of_files"] = "1";
  {
    RobustnessResults results(path_, other);
    EXPECT_THAT(Refusal(other), HasSubstr("another run"));
  }
  EXPECT_EQ(Refusal(settings_), "");  // nothing was measured, so nothing would be mixed
  {
    RobustnessResults results(path_, settings_);
    results.Add(Record(18));
  }
  EXPECT_EQ(Refusal(settings_), "");
  EXPECT_THAT(Refusal(other), HasSubstr("other files"));
  other = settings_;
  other["seed"] = 2;
  EXPECT_THAT(Refusal(other), HasSubstr("seed was 1 and is 2"));
  other = settings_;
  other["model"]["name"] = "n";
  EXPECT_THAT(Refusal(other), HasSubstr("name was \"m\" and is \"n\""));
  std::ofstream(path_) << "{\"schema\": \"something\"}\n";
  EXPECT_THAT(Refusal(settings_), HasSubstr("no file of results"));
}

}  // namespace
}  // namespace unmask
