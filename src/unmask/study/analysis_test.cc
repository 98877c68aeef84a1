#include "unmask/study/analysis.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <optional>

#include "unmask/base/random.h"
#include "unmask/base/temporary_folder.h"
#include "unmask/score/metrics.h"
#include "unmask/study/findings.h"
#include "unmask/study/fusion_analysis.h"

namespace unmask {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;

// A study of which the results are made up: a face's margin is `strength` of its loss where it is
// fake, its negative where it is real, and noise.
class AnalysisTest : public testing::Test {
 protected:
  AnalysisTest() {
    plan_ = {.name = "made-up",
             .losses = {"softmax", "arcface"},
             .qualities = {"c23"},
             .classes = {"Deepfakes", "NeuralTextures"},
             .cross_class_qualities = {"c23"},
             .resamples = 400};
    folder_.emplace(temporary_.path() / "study", plan_);
    folder_->Make();
  }

  std::vector<Cell> Cells() const { return CellsOf(plan_, {{"c23", "0123456789abcdef"}}); }

  static std::vector<ScoredFile> Files(const std::string& split, double strength, uint64_t seed) {
    Random random(seed);
    std::vector<ScoredFile> files;
    for (const std::string name : {"real", "Deepfakes", "NeuralTextures"}) {
      for (int person = 0; person < 24; ++person) {
        const int label = name == "real" ? 0 : 1;
        ScoredFile& file = files.emplace_back();
        file.file = std::to_string(person) + ".mp4";
        file.class_name = name;
        file.identity = "p" + std::to_string(person);
        file.split = split;
        file.label = label;
        file.tracks = {{}, {}};
        for (auto& track : file.tracks) {
          for (int face = 0; face < 2; ++face) {
            track.push_back({0, (label == 1 ? strength : -strength) + Normal(random, 0, 1)});
          }
        }
      }
    }
    return files;
  }

  void Finish(const Cell& cell, double strength) const { Write(cell, ResultOf(cell, strength)); }

  static CellResult ResultOf(const Cell& cell, double strength) {
    const uint64_t seed = DeriveSeed(cell.seed, cell.name());
    return {.name = cell.name(),
            .key = cell.key,
            .recipe = cell.recipe,
            .temperature = 2,
            .val = Files("val", strength, seed),
            .test = Files("test", strength, seed + 1)};
  }

  void Write(const Cell& cell, const CellResult& result) const {
    WriteCellResult(folder_->NewResult(cell), result);
  }

  FinishedCells Read() {
    damaged_.clear();
    return {plan_, Cells(), *folder_, damaged_};
  }

  TemporaryFolder temporary_;
  StudyPlan plan_;
  std::optional<StudyFolder> folder_;
  std::vector<std::string> damaged_;
};

TEST_F(AnalysisTest, NumbersAreThoseOfTheVideosBeforeCalibration) {
  Finish(Cells()[0], 0.7);
  const IntraAnalysis intra = AnalyseIntra(plan_, Read(), "c23");
  EXPECT_EQ(intra.real, 24);
  EXPECT_EQ(intra.fake, 48);
  EXPECT_EQ(intra.groups, 24);
  std::vector<double> scores;
  std::vector<int> labels;
  for (const ScoredFile& file : ReadCellResult(folder_->NewResult(Cells()[0]), Cells()[0]).test) {
    double mean = 0;  // over tracks of the means over faces, by hand
    for (const auto& track : file.tracks) {
      for (const FaceScore& face : track) mean += 1 / (1 + std::exp(-face.margin)) / 4;
    }
    scores.push_back(mean);
    labels.push_back(file.label);
  }
  EXPECT_NEAR(intra.entries[0][0][2].measure.value, Accuracy(scores, labels), 1e-12);
  EXPECT_NEAR(intra.entries[1][0][2].measure.value, LogLoss(scores, labels), 1e-9);
  EXPECT_NEAR(intra.entries[2][0][2].measure.value, AreaUnderRoc(scores, labels), 1e-12);
  EXPECT_NE(intra.calibrated_log_loss[0].measure.value, intra.entries[1][0][2].measure.value);
  EXPECT_EQ(intra.entries[2][0][2].paper,
            PaperIntra("c23", "softmax", Aggregation::kMeanTracks, PaperMeasure::kAuc));
}

TEST_F(AnalysisTest, ABetterLossIsFoundAndEqualOnesAreNot) {
  Finish(Cells()[0], 0.1);
  Finish(Cells()[1], 2);
  StudyAnalysis analysis;
  analysis.intra.push_back(AnalyseIntra(plan_, Read(), "c23"));
  ASSERT_THAT(analysis.intra[0].pairs, SizeIs(1));
  EXPECT_LT(analysis.intra[0].pairs[0].auc.difference, 0);
  EXPECT_LT(analysis.intra[0].pairs[0].p_adjusted, 0.01);
  EXPECT_THAT(FindingsOf(plan_, analysis)[0].answers[1],
              HasSubstr("arcface is better than softmax by"));
  Finish(Cells()[0], 2);
  analysis.intra[0] = AnalyseIntra(plan_, Read(), "c23");
  EXPECT_GT(analysis.intra[0].pairs[0].p_adjusted, 0.05);
  EXPECT_THAT(FindingsOf(plan_, analysis)[0].answers[1], HasSubstr("can be told from noise"));
}

TEST_F(AnalysisTest, OrderOfFilesDoesNotMatter) {
  Finish(Cells()[0], 0.5);
  CellResult result = ResultOf(Cells()[1], 0.5);
  Write(Cells()[1], result);
  const double auc = AnalyseIntra(plan_, Read(), "c23").entries[2][1][2].measure.value;
  std::rotate(result.test.begin(), result.test.begin() + 5, result.test.end());
  Write(Cells()[1], result);
  EXPECT_EQ(AnalyseIntra(plan_, Read(), "c23").entries[2][1][2].measure.value, auc);
  EXPECT_THAT(damaged_, IsEmpty());
}

TEST_F(AnalysisTest, ACellWithOtherFacesIsSetAside) {
  Finish(Cells()[0], 0.5);
  CellResult result = ResultOf(Cells()[1], 0.5);
  result.test[3].tracks[0].pop_back();
  Write(Cells()[1], result);
  const FinishedCells cells = Read();
  EXPECT_THAT(cells.LossesOf("c23", ""), ElementsAre("softmax"));
  ASSERT_THAT(damaged_, SizeIs(1));
  EXPECT_THAT(damaged_[0], HasSubstr(Cells()[1].file_stem()));
}

TEST_F(AnalysisTest, SeedsThatNotEveryLossHasAreLeftOut) {
  plan_.seeds = {1, 2, 3};
  const std::vector<Cell> cells = Cells();  // softmax 1 2 3, arcface 1 2 3
  for (const int i : {0, 1, 4, 5}) Finish(cells[static_cast<size_t>(i)], 1);
  const FinishedCells finished = Read();
  EXPECT_THAT(finished.Of("test", "c23", "", "softmax"), SizeIs(1));
  EXPECT_THAT(finished.Of("test", "c23", "", "arcface"), SizeIs(1));
  Finish(cells[2], 1);
  EXPECT_THAT(Read().Of("test", "c23", "", "arcface"), SizeIs(2));
  EXPECT_FALSE(std::isnan(AnalyseIntra(plan_, Read(), "c23").entries[2][0][2].spread));
}

TEST_F(AnalysisTest, FusionOfRawScoresIsComparedWithRawScores) {
  Finish(Cells()[0], 1);
  Finish(Cells()[1], 1);
  plan_.fusion_pairs = {{"softmax", "arcface"}};
  const FinishedCells cells = Read();
  const FusionAnalysis fusion = AnalyseFusion(plan_, cells, "c23");
  const IntraAnalysis intra = AnalyseIntra(plan_, cells, "c23");
  ASSERT_THAT(fusion.named, SizeIs(4));  // the pair by two rules, and its members
  const FusedLosses& softmax = fusion.named[2];
  EXPECT_THAT(softmax.losses, ElementsAre("softmax"));
  EXPECT_THAT(softmax.columns,
              ElementsAre("Deepfakes", "NeuralTextures", "real", "All", "log_loss", "auc"));
  EXPECT_EQ(softmax.entries[4].measure.value, intra.entries[1][0][2].measure.value);
  EXPECT_EQ(softmax.entries[5].measure.value, intra.entries[2][0][2].measure.value);
  // Two independent views of the same faces are better than one.
  EXPECT_GT(fusion.named[0].auc.difference, 0);
}

TEST_F(AnalysisTest, CrossClassNeedsEveryClass) {
  const std::vector<Cell> cells = Cells();
  Finish(cells[2], 1);  // softmax, Deepfakes
  EXPECT_THAT(AnalyseCrossClass(plan_, Read(), "c23").losses, IsEmpty());
  Finish(cells[4], 1);  // softmax, NeuralTextures
  const CrossClassAnalysis cross = AnalyseCrossClass(plan_, Read(), "c23");
  EXPECT_THAT(cross.losses, ElementsAre("softmax"));
  EXPECT_GT(cross.auc[0][1][0].measure.value, 0.8);
  EXPECT_EQ(cross.mean_auc[0][1].value, cross.auc[0][1][0].measure.value);
}

}  // namespace
}  // namespace unmask
