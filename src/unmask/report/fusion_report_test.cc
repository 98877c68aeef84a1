#include "unmask/report/fusion_report.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "unmask/base/text.h"
#include "unmask/report/text_table.h"
#include "unmask/score/test_scores.h"

namespace unmask {
namespace {

using testing::HasSubstr;
using testing::Not;

const FusionOptions kQuick = {.rule = FusionRule::kLogit,
                              .dataset = {.evaluation = {.resamples = 200}}};

std::vector<ModelScores> Models(uint64_t seed) {
  return {MadeUpScores("a", 0.2, seed), MadeUpScores("b", 0.8, seed + 1),
          MadeUpScores("c", 0.9, seed + 2)};
}

TEST(FusionReportTest, TheTextNamesEveryRowAndFits) {
  const FusionComparison c = CompareFusions(Models(1), Models(50), kQuick);
  const std::string text = FusionText(c, kQuick, "val");
  for (const char* part : {"model 1",
                           "model 3",
                           "all, probability",
                           "all, raw-probability",
                           "all, logit",
                           "all, raw-logit",
                           "pairs, by logit",
                           "pair 1+2",
                           "pair 2+3",
                           "95 % interval",
                           "Deepfakes",
                           "FaceSwap",
                           "real",
                           "All",
                           "Greedy set, chosen on split val by logit: model ",
                           "Best single model: ",
                           "chosen on split val",
                           "AUC: all together ",
                           "(DeLong: p ",
                           "Holm's correction",
                           "log loss: "}) {
    EXPECT_THAT(text, HasSubstr(part));
  }
  EXPECT_THAT(text, Not(HasSubstr("favours")));
  EXPECT_THAT(text, HasSubstr(FormatFixed(c.results[2].evaluation.log_loss.value, 4)));
  // The tables; sentences may be longer.
  for (const std::string& line : Split(text.substr(0, text.find("Greedy")), '\n')) {
    EXPECT_LE(WidthOf(line), 80u) << line;
  }
}

TEST(FusionReportTest, WithoutValidationItSaysSo) {
  std::vector<ModelScores> two = Models(1);
  two.pop_back();
  const std::string text = FusionText(CompareFusions(two, {}, kQuick), kQuick, "");
  EXPECT_THAT(text, HasSubstr("which favours it"));
  EXPECT_THAT(text, Not(HasSubstr("Greedy")));
  EXPECT_THAT(text, Not(HasSubstr("pair ")));
  EXPECT_THAT(text, Not(HasSubstr("too few")));
}

TEST(FusionReportTest, FewPeopleAreWarnedOf) {
  std::vector<ModelScores> models = Models(1);
  for (ModelScores& model : models) model.files.resize(6);
  EXPECT_THAT(FusionText(CompareFusions(models, {}, kQuick), kQuick, ""),
              HasSubstr("3 groups of files"));
  // Of one person there are no intervals, but there is a report.
  for (ModelScores& model : models) {
    for (ScoredFile& file : model.files) file.identity = "one";
  }
  const FusionComparison one = CompareFusions(models, {}, kQuick);
  EXPECT_THAT(FusionText(one, kQuick, ""), HasSubstr("p unknown"));
  const Json json = FusionJson(one);
  EXPECT_FALSE(json.at("differences")[0].contains("p"));
  EXPECT_THAT(FormatJson(json), Not(HasSubstr("null")));
}

TEST(FusionReportTest, TheJsonHoldsEverything) {
  const FusionComparison c = CompareFusions(Models(1), Models(50), kQuick);
  const Json json = FusionJson(c);
  ASSERT_EQ(json.at("results").size(), c.results.size());
  EXPECT_EQ(json["results"][0]["kind"], "model");
  EXPECT_FALSE(json["results"][0].contains("rule"));
  EXPECT_EQ(json["results"][3]["members"], Json::array({0, 1, 2}));
  EXPECT_EQ(json["results"][3]["rule"], "probability");
  EXPECT_DOUBLE_EQ(json["results"][3]["auc"]["value"], c.results[3].evaluation.auc->value);
  EXPECT_EQ(json["results"][3]["class_accuracy"].size(), 3u);
  EXPECT_EQ(json["greedy"].size(), c.greedy.size());
  EXPECT_EQ(json["best_model"], c.best_model);
  ASSERT_EQ(json["differences"].size(), c.differences.size());
  EXPECT_EQ(json["differences"][0]["measure"], "auc");
  EXPECT_TRUE(json["differences"][0].contains("delong_p"));
}

TEST(FusionReportTest, TheCsvHasALineForEveryRow) {
  const FusionComparison c = CompareFusions(Models(1), {}, kQuick);
  const std::vector<std::string> lines =
      Split(FusionCsv(c, {"a.onnx", "b, \"the\" second.onnx", "c.onnx"}), '\n');
  EXPECT_EQ(lines.size() - (lines.back().empty() ? 1 : 0), 1 + c.results.size());
  EXPECT_THAT(lines[0], HasSubstr("log_loss_high,accuracy of real,accuracy of Deepfakes"));
  EXPECT_THAT(lines[2], HasSubstr("model,\"b, \"\"the\"\" second.onnx\",,"));
  EXPECT_THAT(lines[1], HasSubstr(FormatFixed(c.results[0].evaluation.auc->value, 6)));
  const auto commas = [](const std::string& line) {
    return std::count(line.begin(), line.end(), ',');
  };
  EXPECT_EQ(commas(lines[1]), commas(lines[0]));
  // The name of the second model holds one.
  EXPECT_EQ(commas(lines[4]), commas(lines[0]) + 1);
}

}  // namespace
}  // namespace unmask
