#include "unmask/report/embedding_figure.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>
#include <string>

#include "unmask/base/error.h"
#include "unmask/base/temporary_folder.h"

namespace unmask {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

// Faces on a spiral, of the classes in turn.
EmbeddingTable Table(size_t faces, size_t kinds, bool tsne, bool pca) {
  const std::pair<const char*, int> classes[] = {{"FaceSwap", 1}, {"real", 0}, {"Deepfakes", 1}};
  EmbeddingTable table;
  Points points(faces, 2);
  for (size_t i = 0; i < faces; ++i) {
    const double t = 0.3 * static_cast<double>(i);
    points.row(i)[0] = 3 + t * std::cos(t);
    points.row(i)[1] = t * std::sin(t);
    table.faces.push_back(
        {.file = "f", .class_name = classes[i % 3].first, .label = classes[i % 3].second});
  }
  const EmbeddingMap map{.points = points, .trustworthiness = 0.9876};
  for (size_t k = 0; k < kinds; ++k) {
    FeatureMaps& maps = table.maps.emplace_back();
    maps.features = "model_" + std::to_string(k);
    if (tsne) maps.tsne = map;
    if (pca) maps.pca = map;
    maps.explained = {0.5, 0.25};
  }
  return table;
}

TEST(EmbeddingFigureTest, EveryFaceIsDrawnOnceInItsClassLook) {
  const EmbeddingTable table = Table(100, 1, true, false);
  const Figure figure = EmbeddingFigure(table);
  ASSERT_EQ(figure.panels.size(), 1u);
  std::map<int, size_t> points;
  std::vector<std::string> titles;
  for (const Series& series : figure.panels[0].series) {
    points[series.look] += series.x.size();
    if (!series.title.empty()) titles.push_back(series.title);
  }
  EXPECT_THAT(titles, ElementsAre("real (33)", "Deepfakes (33)", "FaceSwap (34)"));
  EXPECT_THAT(points, ElementsAre(std::pair(0, 33u), std::pair(1, 33u), std::pair(2, 34u)));
}

TEST(EmbeddingFigureTest, AllFacesLieWithinASquare) {
  const EmbeddingTable table = Table(50, 1, true, true);
  for (const Plot& plot : EmbeddingFigure(table).panels) {
    EXPECT_TRUE(plot.square);
    EXPECT_NEAR(*plot.x.high - *plot.x.low, *plot.y.high - *plot.y.low, 1e-9);
    for (const Series& series : plot.series) {
      for (size_t i = 0; i < series.x.size(); ++i) {
        EXPECT_TRUE(series.x[i] > plot.x.low && series.x[i] < plot.x.high);
        EXPECT_TRUE(series.y[i] > plot.y.low && series.y[i] < plot.y.high);
      }
    }
  }
}

TEST(EmbeddingFigureTest, MapsOfOneKindStandAboveEachOther) {
  const Figure figure = EmbeddingFigure(Table(9, 5, true, true), 3);
  EXPECT_EQ(figure.columns, 3);
  std::vector<std::string> titles;
  for (const Plot& plot : figure.panels) titles.push_back(plot.title);
  EXPECT_THAT(titles, ElementsAre("model_0: t-SNE", "model_1: t-SNE", "model_2: t-SNE",
                                  "model_0: PCA", "model_1: PCA", "model_2: PCA", "model_3: t-SNE",
                                  "model_4: t-SNE", "", "model_3: PCA", "model_4: PCA", ""));
}

TEST(EmbeddingFigureTest, ItCanBeDrawnWhateverTheNumberOfFaces) {
  const TemporaryFolder folder;
  for (const size_t faces : {1, 2, 500}) {
    WriteFigure(folder.path() / "a.svg", EmbeddingFigure(Table(faces, 1, true, true)));
  }
  WriteFigure(folder.path() / "a.png", EmbeddingFigure(Table(30, 2, false, true)));
  EXPECT_THROW(EmbeddingFigure({}), Error);
  EXPECT_THROW(EmbeddingFigure(Table(5, 2, false, false)), Error);
}

}  // namespace
}  // namespace unmask
