#include "unmask/explain/faithfulness.h"

#include <gmock/gmock.h>

#include <cmath>
#include <memory>

#include "unmask/base/error.h"
#include "unmask/base/temporary_folder.h"
#include "unmask/detect/detector.h"
#include "unmask/explain/crop_explainer.h"
#include "unmask/explain/test_planted.h"

namespace unmask {
namespace {

using ::testing::HasSubstr;

class PlantedArtefact : public ::testing::Test {
 protected:
  PlantedArtefact() {
    WritePlantedModel(folder_.path() / "planted.onnx");
    explainer_ = std::make_unique<CropExplainer>(folder_.path() / "planted.onnx");
  }

  HeatMap MapOf(const Image& crop) { return explainer_->Explain({&crop, 1}).front().map; }
  Classifier& classifier() { return explainer_->classifier(); }

  const TemporaryFolder folder_;
  std::unique_ptr<CropExplainer> explainer_;
};

TEST_F(PlantedArtefact, TheMapMarksItAndNothingElse) {
  const Image crop = PlantedCrop(5, 1);
  const CropExplanation explained = explainer_->Explain({&crop, 1}).front();
  EXPECT_GT(explained.score, 0.9);
  ASSERT_EQ(explained.map.width, kPlantedCells);
  double inside = 0, all = 0;
  for (int row = 0; row < kPlantedCells; ++row) {
    for (int column = 0; column < kPlantedCells; ++column) {
      const double value = explained.map.values[row * kPlantedCells + column];
      all += value;
      if ((column == 5 || column == 6) && (row == 1 || row == 2)) inside += value;
    }
  }
  EXPECT_GT(inside, 0.99 * all);
}

TEST_F(PlantedArtefact, ItsMapIsMeaningful) {
  const Image crop = PlantedCrop(5, 1);
  const Faithfulness test = TestMap(classifier(), crop, MapOf(crop), ExplainedTarget::kMargin);
  EXPECT_EQ(test.meaning(), MapMeaning::kMeaningful);
  EXPECT_LT(test.map.deletion, test.centre.deletion);
  EXPECT_LT(test.map.deletion, test.random.deletion);
  EXPECT_GT(test.map.insertion, test.random.insertion);
  EXPECT_GT(test.original, 0.9);
  EXPECT_LT(test.empty, 0.5);
  EXPECT_THAT(DescribeFaithfulness(test), HasSubstr("mean something"));
}

TEST_F(PlantedArtefact, AMapOfAnotherPlaceIsMeaningless) {
  const Image crop = PlantedCrop(5, 1);
  const HeatMap wrong = MapOf(PlantedCrop(0, 6));
  const Faithfulness test = TestMap(classifier(), crop, wrong, ExplainedTarget::kMargin);
  EXPECT_EQ(test.meaning(), MapMeaning::kMeaningless);
}

TEST_F(PlantedArtefact, InTheMiddleAMapSaysNoMoreThanTheMiddle) {
  Faithfulness test{.faces = 1, .original = 0.9, .empty = 0.1};
  test.map = {0.2, 0.8};
  test.random = {0.5, 0.5};
  test.centre = {0.19, 0.78};
  EXPECT_EQ(test.meaning(), MapMeaning::kUnspecific);
  test.centre = {0.3, 0.7};
  EXPECT_EQ(test.meaning(), MapMeaning::kMeaningful);
}

TEST_F(PlantedArtefact, WithoutItThereIsNothingToTest) {
  const Image crop = PlantedCrop(kPlantedCells, kPlantedCells);  // outside: no patch
  const HeatMap map = MapOf(PlantedCrop(2, 2));
  const Faithfulness test = TestMap(classifier(), crop, map, ExplainedTarget::kMargin);
  EXPECT_EQ(test.meaning(), MapMeaning::kUntestable);
}

TEST_F(PlantedArtefact, TheTestIsRepeatable) {
  const Image crop = PlantedCrop(3, 3);
  const HeatMap map = MapOf(crop);
  const Faithfulness first = TestMap(classifier(), crop, map, ExplainedTarget::kReal);
  const Faithfulness second = TestMap(classifier(), crop, map, ExplainedTarget::kReal);
  EXPECT_EQ(first.random.deletion, second.random.deletion);
  EXPECT_EQ(first.map.deletion, second.map.deletion);
  EXPECT_LT(first.original, 0.1);  // of the real side
}

TEST_F(PlantedArtefact, RandomWeightsGiveOtherMaps) {
  const Image crop = PlantedCrop(5, 1);
  const HeatMap map = MapOf(crop);
  double sum = 0;
  constexpr int kModels = 10;
  for (int seed = 1; seed <= kModels; ++seed) {
    WritePlantedModel(folder_.path() / "random.onnx", seed);
    CropExplainer other(folder_.path() / "random.onnx");
    sum += CorrelationOf(map, other.Explain({&crop, 1}).front().map);
  }
  EXPECT_LT(sum / kModels, 0.5);
}

TEST_F(PlantedArtefact, RefusesWhatCannotBeTested) {
  EXPECT_THROW(TestMap(classifier(), PlantedCrop(1, 1), {}, ExplainedTarget::kMargin), Error);
}

TEST(Faithfulness, MeansOverFaces) {
  EXPECT_EQ(MeanOf({}).faces, 0);
  Faithfulness a{.faces = 1, .original = 1}, b{.faces = 1, .original = 0.5};
  a.map = {0.2, 0.4};
  b.map = {0.4, 0.8};
  const Faithfulness mean = MeanOf({a, b});
  EXPECT_EQ(mean.faces, 2);
  EXPECT_DOUBLE_EQ(mean.original, 0.75);
  EXPECT_DOUBLE_EQ(mean.map.deletion, 0.3);
  EXPECT_DOUBLE_EQ(mean.map.gain(), 0.3);
}

// Adebayo et al. (2018) on the model that is shipped: a map that did not change when what the head
// learnt is lost would explain the picture, not the model.
TEST(DefaultModelsMaps, DependOnWhatTheHeadLearnt) {
  Detector detector;
  const ModelHead trained = ReadModelHead(detector.classifier().path());
  const size_t linear = trained.steps.size() - 1;
  ASSERT_TRUE(std::holds_alternative<HeadLinear>(trained.steps[linear]));
  double sum = 0;
  int maps = 0;
  for (const char* name : {"sample1.jpg", "sample4.jpg", "suit.jpg"}) {
    detector.Judge(std::string(UNMASK_DEPS_DIR "/samples/") + name, nullptr, nullptr,
                   [&](std::span<const JudgedFace> faces) {
                     const TensorView& features = detector.classifier().output("features");
                     const size_t size = features.values.size() / features.shape[0];
                     const auto map_of = [&](const ModelHead& head, size_t face) {
                       return ExplainFeatures(features.values.subspan(face * size, size),
                                              static_cast<int>(features.shape[2]),
                                              static_cast<int>(features.shape[3]), head, {},
                                              CamMethod::kGradCam)
                           .map;
                     };
                     for (size_t face = 0; face < faces.size(); ++face) {
                       const HeatMap map = map_of(trained, face);
                       for (uint64_t seed = 1; seed <= 5; ++seed) {
                         ModelHead untrained = trained;
                         Random random(seed);
                         for (float& w : std::get<HeadLinear>(untrained.steps[linear]).weight) {
                           w = static_cast<float>(Normal(random, 0, 0.01));
                         }
                         sum += CorrelationOf(map, map_of(untrained, face));
                         ++maps;
                       }
                     }
                   });
  }
  ASSERT_GE(maps, 15);
  EXPECT_LT(sum / maps, 0.3);
}

}  // namespace
}  // namespace unmask
