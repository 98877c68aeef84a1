#include "unmask/report/training_curves.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "unmask/base/atomic_file.h"
#include "unmask/base/error.h"
#include "unmask/base/temporary_folder.h"

namespace unmask {
namespace {

namespace fs = std::filesystem;
using testing::ElementsAre;

const std::vector<Json>& Lines() {
  static const std::vector<Json> lines = {
      {{"step", 50}, {"loss", 0.7}, {"accuracy", 0.5}, {"learning_rate", 1e-3}},
      {{"step", 60},
       {"validation",
        {{"auc", 0.6}, {"accuracy", 0.5}, {"log_loss", 0.69}, {"calibrated_log_loss", 0.68}}}},
      {{"step", 100}, {"loss", 0.4}, {"accuracy", 0.8}, {"learning_rate", 5e-4}},
  };
  return lines;
}

TEST(TrainingCurves, TakeEachLineForWhatItHas) {
  const Figure figure = TrainingCurves(Lines());
  figure.Validate();
  ASSERT_EQ(figure.panels.size(), 4u);
  EXPECT_THAT(figure.panels[0].series[0].x, ElementsAre(50, 100));
  EXPECT_THAT(figure.panels[0].series[0].y, ElementsAre(0.7, 0.4));
  ASSERT_EQ(figure.panels[2].series.size(), 3u);
  EXPECT_THAT(figure.panels[2].series[2].x, ElementsAre(60));
  EXPECT_THAT(figure.panels[2].series[2].y, ElementsAre(0.6));
}

TEST(TrainingCurves, LeaveOutWhatIsNotThere) {
  EXPECT_TRUE(TrainingCurves({}).panels.empty());
  EXPECT_TRUE(TrainingCurves({Json(),
                              Json::array({1}),
                              {{"step", "x"}, {"loss", 1}},
                              {{"step", 1}, {"loss", nullptr}},
                              {{"loss", 1}}})
                  .panels.empty());
  const Figure figure = TrainingCurves({{{"step", 3}, {"validation", {{"auc", 0.5}}}}});
  ASSERT_EQ(figure.panels.size(), 1u);
  EXPECT_EQ(figure.panels[0].series.size(), 1u);
}

TEST(TrainingCurves, AreDrawnFromTheRunsFolder) {
  const TemporaryFolder folder;
  EXPECT_THROW(DrawTrainingCurves(folder.path()), Error);
  WriteTextFile(folder.path() / "metrics.jsonl", "");
  DrawTrainingCurves(folder.path());
  EXPECT_FALSE(fs::exists(folder.path() / "curves.png"));
  std::string text;
  for (const Json& line : Lines()) text += line.dump() + "\n";
  WriteTextFile(folder.path() / "metrics.jsonl", text + "{\"step\": 1");
  DrawTrainingCurves(folder.path());
  EXPECT_GT(fs::file_size(folder.path() / "curves.png"), 1000u);
}

}  // namespace
}  // namespace unmask
