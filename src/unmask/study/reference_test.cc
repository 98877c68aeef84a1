#include "unmask/study/reference.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace unmask {
namespace {

// Read from the tables of the paper.
TEST(Reference, NumbersOfThePaper) {
  const auto near = [](double number) { return testing::Optional(testing::DoubleEq(number)); };
  EXPECT_THAT(PaperIntra("raw", "center", Aggregation::kMaxFaces, PaperMeasure::kAccuracy),
              near(0.9586));
  EXPECT_THAT(PaperIntra("raw", "center", Aggregation::kMaxFaces, PaperMeasure::kLogLoss),
              near(0.1824));
  EXPECT_THAT(
      PaperCrossClass("NeuralTextures", "NeuralTextures", "l2_softmax", PaperMeasure::kAccuracy),
      near(0.8964));
  EXPECT_THAT(PaperFusion("c40", "arcface", "a_softmax", "NeuralTextures"), near(0.7643));
  EXPECT_THAT(PaperFusion("c40", "a_softmax", "arcface", "real"), near(0.7642));
  EXPECT_THAT(PaperFusion("c23", "softmax", "l2_softmax", "log_loss"), near(0.4264));
}

TEST(Reference, EveryLossQualityAndClassIsThere) {
  for (const char* loss :
       {"softmax", "l2_softmax", "l_softmax", "a_softmax", "arcface", "center", "coco", "focal"}) {
    for (const char* quality : {"raw", "c23", "c40"}) {
      for (const Aggregation aggregation :
           {Aggregation::kMaxFaces, Aggregation::kMaxTracks, Aggregation::kMeanTracks}) {
        for (const PaperMeasure measure :
             {PaperMeasure::kAccuracy, PaperMeasure::kLogLoss, PaperMeasure::kAuc}) {
          const auto number = PaperIntra(quality, loss, aggregation, measure);
          ASSERT_TRUE(number) << loss << " " << quality;
          EXPECT_GT(*number, 0) << loss;
          if (measure == PaperMeasure::kLogLoss) continue;
          EXPECT_LE(*number, 1) << loss;
        }
      }
    }
    for (const char* train : {"Deepfakes", "Face2Face", "FaceSwap", "NeuralTextures"}) {
      for (const char* test : {"Deepfakes", "Face2Face", "FaceSwap", "NeuralTextures"}) {
        EXPECT_TRUE(PaperCrossClass(train, test, loss, PaperMeasure::kAuc)) << train << test;
      }
    }
  }
}

TEST(Reference, NothingForWhatThePaperLacks) {
  EXPECT_FALSE(PaperIntra("c30", "softmax", Aggregation::kMaxFaces, PaperMeasure::kAuc));
  EXPECT_FALSE(PaperIntra("c23", "am_softmax", Aggregation::kMaxFaces, PaperMeasure::kAuc));
  EXPECT_FALSE(PaperFusion("c23", "softmax", "focal", "auc"));
  EXPECT_FALSE(PaperCrossClass("FaceShifter", "Deepfakes", "softmax", PaperMeasure::kAuc));
}

TEST(Reference, ShortNames) {
  EXPECT_EQ(ShortClassName("NeuralTextures"), "NT");
  EXPECT_EQ(ShortClassName("real"), "P");
  EXPECT_EQ(ShortClassName("FaceShifter"), "FaceShifter");
}

}  // namespace
}  // namespace unmask
