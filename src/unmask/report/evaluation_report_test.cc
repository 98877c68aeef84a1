#include "unmask/report/evaluation_report.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <fstream>
#include <iterator>
#include <nlohmann/json.hpp>

#include "unmask/base/error.h"
#include "unmask/base/random.h"
#include "unmask/base/temporary_folder.h"
#include "unmask/base/text.h"
#include "unmask/report/evaluation_plots.h"

namespace unmask {
namespace {

namespace fs = std::filesystem;
using testing::HasSubstr;
using testing::Not;

FaceScore Face(double margin) { return {1 / (1 + std::exp(-margin)), margin}; }

std::vector<ScoredFile> Drawn(int count) {
  Random random(5);
  std::vector<ScoredFile> files;
  for (int i = 0; i < count; ++i) {
    ScoredFile& file = files.emplace_back();
    file.file = "clip" + std::to_string(i) + ".mp4";
    file.label = i % 3 == 0 ? 0 : 1;
    file.class_name = i % 3 == 0 ? "real" : i % 3 == 1 ? "Deepfakes" : "NeuralTextures";
    const double centre = Normal(random, file.label == 1 ? 1 : -1, 1.5);
    file.tracks.emplace_back();
    for (int f = 0; f < 5; ++f) file.tracks[0].push_back(Face(Normal(random, centre, 0.5)));
  }
  return files;
}

const DatasetOptions kQuick = {.evaluation = {.resamples = 100}};

std::string Text(const std::vector<ScoredFile>& files) {
  return EvaluationText(EvaluateDataset(files, kQuick), Aggregation::kMeanTracks,
                        kQuick.evaluation);
}

size_t WidthOf(const std::string& line) {
  size_t width = 0;
  for (const char c : line) width += (static_cast<unsigned char>(c) & 0xc0) != 0x80;
  return width;
}

TEST(EvaluationReportTest, TheTextNamesEveryLevelAndFits) {
  std::vector<ScoredFile> files = Drawn(60);
  files[0].tracks.clear();
  files[1].failure = "no such file";
  const std::string text = Text(files);
  for (const char* part :
       {"frame", "track", "MF", "MT", "AT", "AUC", "equal error rate", "TPR at 0.1 % FPR",
        "NeuralTextures", "AT, 95 % interval", "2 files have no score"}) {
    EXPECT_THAT(text, HasSubstr(part));
  }
  for (const std::string& line : Split(text, '\n')) EXPECT_LE(WidthOf(line), 80u) << line;
  const DatasetEvaluation d = EvaluateDataset(files, kQuick);
  EXPECT_THAT(text, HasSubstr(FormatFixed(d.levels[4].evaluation.auc->value, 3) + "   " +
                              FormatFixed(d.levels[4].evaluation.auc->interval.low, 3)));
}

TEST(EvaluationReportTest, WhatIsNotDefinedIsADash) {
  std::vector<ScoredFile> files = Drawn(1);
  EXPECT_THAT(Text(files), HasSubstr("AUC                      –       –"));
  EXPECT_THAT(Text(files), HasSubstr("of one person: no intervals"));
  EXPECT_THAT(Text(Drawn(3)), HasSubstr("say little"));
  EXPECT_FALSE(
      EvaluationJson(EvaluateDataset(files, kQuick))["levels"]["AT"]["accuracy"].contains("low"));
  files[0].tracks.clear();
  EXPECT_THAT(Text(files), HasSubstr("No file has a score"));
  files[0].class_name = "a\x1b[31m\nb";
  EXPECT_THAT(Text(files), Not(HasSubstr("\x1b")));
}

TEST(EvaluationReportTest, TheJsonHoldsAllThereIs) {
  const DatasetEvaluation d = EvaluateDataset(Drawn(30), kQuick);
  const Json json = EvaluationJson(d);
  EXPECT_EQ(json["counts"]["files"], 30);
  EXPECT_EQ(json["classes"][1]["name"], "Deepfakes");
  EXPECT_EQ(json["classes"][1]["label"], "fake");
  EXPECT_EQ(json["levels"].size(), 5u);
  EXPECT_EQ(json["levels"]["MF"]["auc"]["value"], d.levels[2].evaluation.auc->value);
  EXPECT_EQ(json["levels"]["AT"]["class_accuracy"]["Deepfakes"]["items"], 10);
  EXPECT_TRUE(EvaluationJson(EvaluateDataset({}))["levels"].empty());
  EXPECT_FALSE(EvaluationJson(EvaluateDataset(Drawn(1), kQuick))["levels"]["AT"].contains("auc"));
}

TEST(EvaluationReportTest, TheTableHasALineForEveryFile) {
  const std::vector<ScoredFile> files = {
      {.file = "a,\"b\".mp4",
       .identity = "ann",
       .split = "test",
       .class_name = "Deepfakes",
       .quality = "c23",
       .label = 1,
       .tracks = {{Face(0), Face(std::log(3.0))}, {}, {Face(-std::log(4.0))}}},
      {.file = "b.mp4"},
      {.file = "c.mp4", .label = 1, .failure = "gone"}};
  // Scores 0.5, 0.75; 0.2. MF: two of three vote fake; MT: one of two, a tie, the mean.
  EXPECT_EQ(
      FilesCsv(files, Aggregation::kMeanTracks, {}),
      "file,label,class,quality,identity,split,tracks,faces,MF,MT,AT,decision,answer\n"
      "\"a,\"\"b\"\".mp4\",fake,Deepfakes,c23,ann,test,2,3,0.625000,0.412500,0.412500,real,real\n"
      "b.mp4,real,real,,,,0,0,,,,no_face,no_face\n"
      "c.mp4,fake,fake,,,,0,0,,,,error,error\n");
  EXPECT_THAT(FilesCsv(files, Aggregation::kMaxFaces, {}), HasSubstr("0.412500,fake,fake\n"));
  EXPECT_THAT(FilesCsv(files, Aggregation::kMeanTracks, {.real_below = 0.4}),
              HasSubstr("0.412500,real,cannot_tell\n"));
}

TEST(EvaluationReportTest, AnswersAreCounted) {
  Answers answers;
  answers.files = {6, 4};
  answers.answered = {3, 2};
  answers.wrong = {1, 0};
  answers.wrong_if_all_answered = 3;
  answers.area = 0.125;
  answers.curve = {{0.5, 0.2}, {1, 0.3}};
  EXPECT_EQ(
      AnswersText(answers, Aggregation::kMeanTracks),
      "\nAnswers by AT: 5 of 10 (50.0 %) files, of the others it cannot tell.\n"
      "Wrong of the answers: 1 of 5 (20.0 %); real called fake: 1 of 3 (33.3 %), fake called "
      "real: 0 of 2 (0.0 %).\n"
      "Wrong if it always answered: 3 of 10 (30.0 %). Area under risk over coverage: 0.125.\n");
  const Json json = AnswersJson(answers);
  EXPECT_EQ(json["real"]["answered"], 3);
  EXPECT_EQ(json["fake"]["wrong"], 0);
  EXPECT_EQ(json["risk_coverage"][0], Json::parse("[0.5, 0.2]"));
  const Figure figure = RiskCoverageFigure(answers);
  EXPECT_EQ(figure.panels[0].series[1].x, std::vector<double>{0.5});
  EXPECT_EQ(figure.panels[0].series[1].y, std::vector<double>{0.2});
}

TEST(EvaluationPlotsTest, EveryPictureIsDrawn) {
  const TemporaryFolder folder;
  const DatasetEvaluation d = EvaluateDataset(Drawn(90), kQuick);
  const Answers answers = MeasureAnswers(Drawn(90), Aggregation::kMaxFaces, kQuick);
  const auto files = WriteEvaluationPlots(folder.path() / "new" / "plots", ".svg", d,
                                          Aggregation::kMaxFaces, answers);
  ASSERT_EQ(files.size(), 4u);
  std::string drawn;
  for (const fs::path& file : files) {
    std::ifstream stream(file);
    drawn += std::string{std::istreambuf_iterator<char>(stream), {}};
  }
  for (const size_t level : {0u, 2u, 3u, 4u}) {
    EXPECT_THAT(drawn, HasSubstr("(AUC " + FormatFixed(d.levels[level].evaluation.auc->value, 3)));
  }
  EXPECT_THAT(drawn, HasSubstr("videos, MF (ECE"));
  EXPECT_THAT(drawn, HasSubstr("share of fake videos"));
}

TEST(EvaluationPlotsTest, TheCurvesEndWhereTheyMust) {
  const DatasetEvaluation d = EvaluateDataset(Drawn(90), kQuick);
  const Figure roc = RocFigure(d);
  const Series& linear = roc.panels[0].series[0];
  EXPECT_EQ(linear.x.front(), 0);
  EXPECT_EQ(linear.y.back(), 1);
  double area = 0;  // under the points that are drawn
  for (size_t i = 1; i < linear.x.size(); ++i) {
    area += (linear.x[i] - linear.x[i - 1]) * (linear.y[i] + linear.y[i - 1]) / 2;
  }
  EXPECT_NEAR(area, d.levels[0].evaluation.auc->value, 1e-9);
  for (const double x : roc.panels[1].series[0].x) EXPECT_GE(x, 1e-3);
  const Figure precision_recall = PrecisionRecallFigure(d);
  const Series& steps = precision_recall.panels[0].series[0];
  area = 0;
  for (size_t i = 1; i < steps.x.size(); ++i) area += (steps.x[i] - steps.x[i - 1]) * steps.y[i];
  EXPECT_NEAR(area, d.levels[0].evaluation.average_precision->value, 1e-9);
}

TEST(EvaluationPlotsTest, CurvesNeedBothClasses) {
  const TemporaryFolder folder;
  EXPECT_THROW(WriteEvaluationPlots(folder.path(), ".png", EvaluateDataset(Drawn(1), kQuick),
                                    Aggregation::kMeanTracks, {}),
               Error);
  EXPECT_TRUE(fs::is_empty(folder.path()));
}

}  // namespace
}  // namespace unmask
