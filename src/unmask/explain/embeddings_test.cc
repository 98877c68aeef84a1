#include "unmask/explain/embeddings.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <filesystem>
#include <set>

#include "unmask/base/error.h"
#include "unmask/base/temporary_folder.h"
#include "unmask/data/prepare.h"
#include "unmask/explain/embedding_maps.h"
#include "unmask/explain/test_points.h"
#include "unmask/media/picture.h"
#include "unmask/model/model_file.h"

namespace unmask {
namespace {

namespace fs = std::filesystem;
using testing::ElementsAre;
using testing::HasSubstr;

// A model whose embedding is the mean of red, green and blue, each times `gain`, in [0, gain].
void WriteColourModel(const fs::path& path, float gain, bool with_embedding = true,
                      const std::string& name = "colour") {
  GraphBuilder builder;
  const int mean = builder.AddNode(GlobalAveragePool{}, {builder.AddInput(3, 32, 32)});
  const int embedding = builder.AddNode(Linear{.out_features = 3}, {mean}, "scale");
  if (with_embedding) builder.SetOutput("embedding", embedding);
  builder.SetOutput("logits", builder.AddNode(Linear{.out_features = 2}, {embedding}, "head"));
  const Weights weights = {{"scale.weight", {{3, 3}, {gain, 0, 0, 0, gain, 0, 0, 0, gain}}},
                           {"scale.bias", {{3}, {0, 0, 0}}},
                           {"head.weight", {{2, 3}, {1, 0, 0, 0, 1, 0}}},
                           {"head.bias", {{2}, {0, 0}}}};
  ModelMetadata metadata;
  metadata.name = name;
  metadata.loss = "softmax";
  metadata.input_width = metadata.input_height = 32;
  metadata.mean = {0, 0, 0};
  metadata.deviation = {1, 1, 1};
  WriteModel(path, std::move(builder).Build(), weights, metadata, {.half_precision = false});
}

class EmbeddingsTest : public testing::Test {
 protected:
  EmbeddingsTest() {
    setenv("UNMASK_CACHE", (folder_.path() / "cache").c_str(), 1);
    WriteColourModel(model_, 1);
    WritePicture(folder_.path() / "grey.png", Image(64, 64));
    Add(Sample("sample1.jpg"), "test", 1, "FaceSwap");
    Add(Sample("sample2.jpg"), "test", 0, "real");
    Add(Sample("suit.jpg"), "test", 0, "real");
    Add(Sample("sample3.jpg"), "val", 0, "real");
    Add(folder_.path() / "grey.png", "train", 0, "real");
  }

  static fs::path Sample(const std::string& name) {
    return fs::path(UNMASK_DEPS_DIR) / "samples" / name;
  }

  void Add(const fs::path& file, const std::string& split, int label, const std::string& name) {
    inputs_.push_back({.file = file, .split = split, .label = label});
    inputs_.back().class_name = name;
    inputs_.back().identity = file.stem().string();
  }

  std::vector<std::shared_ptr<const CropStore>> Store() {
    if (!store_) {
      Prepare(inputs_, folder_.path() / "store", {.crop_size = 64});
      store_ = OpenCropStores({folder_.path() / "store"})[0];
    }
    return {store_};
  }

  std::string Refusal(const FaceSelection& selection) {
    try {
      SelectFaces(Store(), selection);
    } catch (const Error& e) {
      return e.what();
    }
    return "";
  }

  TemporaryFolder folder_;
  fs::path model_ = folder_.path() / "model.onnx";
  std::vector<PrepareInput> inputs_;
  std::shared_ptr<const CropStore> store_;
};

TEST_F(EmbeddingsTest, FacesAreChosenEvenlyAndDescribed) {
  const SelectedFaces all = SelectFaces(Store(), {.max_faces = 0});
  EXPECT_EQ(all.available, static_cast<int64_t>(all.faces.size()));
  ASSERT_GT(all.faces.size(), 5u);
  EXPECT_EQ(all.faces[0].class_name, "FaceSwap");
  EXPECT_EQ(all.faces[0].label, 1);
  EXPECT_EQ(all.faces[0].identity, "sample1");
  EXPECT_EQ(all.faces[0].split, "test");
  EXPECT_EQ(all.faces.back().file, Sample("suit.jpg").string());

  const SelectedFaces one = SelectFaces(Store(), {.faces_per_file = 1});
  ASSERT_EQ(one.faces.size(), 3u);
  EXPECT_EQ(one.available, all.available);
  const SelectedFaces few = SelectFaces(Store(), {.max_faces = 3});
  EXPECT_EQ(few.faces.size(), 3u);
  EXPECT_EQ(few.records[0].size(), 3u);
  EXPECT_EQ(SelectFaces(Store(), {.files = {.split = ""}, .max_faces = 0}).available,
            static_cast<int64_t>(store_->records.size()));
}

TEST_F(EmbeddingsTest, WhatIsNotThereIsNamed) {
  EXPECT_THAT(Refusal({.files = {.classes = {"real", "FaceSwop"}}}), HasSubstr("'FaceSwap'"));
  EXPECT_THAT(Refusal({.files = {.split = "train"}}), HasSubstr("no face was found"));
  EXPECT_THAT(Refusal({.files = {.split = "tset"}}), HasSubstr("split tset"));
  EXPECT_THAT(Refusal({.files = {.quality = "c23"}}), HasSubstr("quality c23"));
  EXPECT_THAT(Refusal({.faces_per_file = -1}), HasSubstr("faces per file"));
  EXPECT_THAT(Refusal({.max_faces = -1}), HasSubstr("the most faces"));
  EXPECT_THROW(SelectFaces({}, {}), UsageError);
}

TEST_F(EmbeddingsTest, EveryRowIsThatOfItsFace) {
  const SelectedFaces faces = SelectFaces(Store(), {});
  std::vector<Points> found;
  for (const int batch : {1, 4, 64}) {
    Classifier classifier(model_, {.batch = batch});
    int64_t last = 0;
    found.push_back(EmbedFaces(classifier, faces, batch, nullptr, [&](int64_t done, int64_t all) {
      EXPECT_GT(done, last);
      last = done;
      EXPECT_EQ(all, static_cast<int64_t>(faces.faces.size()));
    }));
    EXPECT_EQ(last, static_cast<int64_t>(faces.faces.size()));
    ASSERT_EQ(found.back().count, faces.faces.size());
    ASSERT_EQ(found.back().dimensions, 3u);
    for (size_t v = 0; v < found[0].values.size(); ++v) {
      EXPECT_NEAR(found.back().values[v], found[0].values[v], 1e-6);
    }
  }
  // The logits of this model are its first two features.
  Classifier classifier(model_);
  const std::vector<ScoredFile> files = ScoreStore(classifier, *store_, {});
  std::multiset<int> expected, margins;
  for (const ScoredFile& file : files) {
    for (const auto& track : file.tracks) {
      for (const FaceScore& face : track) {
        expected.insert(static_cast<int>(std::lround(1e4 * face.margin)));
      }
    }
  }
  for (size_t i = 0; i < found[0].count; ++i) {
    const double margin = found[0].row(i)[1] - found[0].row(i)[0];
    margins.insert(static_cast<int>(std::lround(1e4 * margin)));
  }
  EXPECT_EQ(margins, expected);
  EXPECT_GT(std::set<int>(margins.begin(), margins.end()).size(), 3u);
}

TEST_F(EmbeddingsTest, AModelWithoutFeaturesIsRefused) {
  const fs::path bare = folder_.path() / "bare.onnx";
  WriteColourModel(bare, 1, false);
  try {
    MapEmbeddings({bare}, Store());
    FAIL();
  } catch (const Error& e) {
    EXPECT_THAT(e.problem(), HasSubstr("bare.onnx: has no output 'embedding'"));
  }
  WriteColourModel(bare, 3e38f);
  Classifier classifier(bare);
  CancelToken cancel;
  cancel.Cancel();
  EXPECT_THROW(EmbedFaces(classifier, SelectFaces(Store(), {}), 1, &cancel), Cancelled);
}

TEST_F(EmbeddingsTest, ModelsAreMappedAloneAndTogether) {
  const fs::path louder = folder_.path() / "louder.onnx";
  WriteColourModel(louder, 100);
  const EmbeddingTable table =
      MapEmbeddings({model_, louder}, Store(), {.tsne_options = {.iterations = 50}});
  ASSERT_EQ(table.maps.size(), 3u);
  EXPECT_EQ(table.maps[0].features, "model");  // name and loss are the same, the files are not
  EXPECT_EQ(table.maps[1].features, "louder");
  EXPECT_EQ(table.maps[2].features, "model + louder");
  EXPECT_EQ(table.maps[2].dimensions, 6u);
  for (size_t i = 0; i < table.faces.size(); ++i) {  // normalised, they are the same
    for (size_t d = 0; d < 3; ++d) {
      const auto row = table.maps[2].vectors.row(i);
      EXPECT_NEAR(row[d], row[d + 3], 1e-5);
    }
  }
  for (const FeatureMaps& maps : table.maps) {
    EXPECT_EQ(maps.tsne->points.count, table.faces.size());
    EXPECT_EQ(maps.pca->points.count, table.faces.size());
    EXPECT_GT(maps.pca->trustworthiness, 0.5);
    EXPECT_GT(maps.explained[0], maps.explained[1]);
  }
  const std::string csv = MapsCsv(table);
  EXPECT_THAT(csv, HasSubstr("features,file,class,label,split,identity,quality,track,frame,time,"
                             "tsne_x,tsne_y,pca_1,pca_2\nmodel,"));
  EXPECT_EQ(std::count(csv.begin(), csv.end(), '\n'),
            static_cast<std::ptrdiff_t>(3 * table.faces.size() + 1));

  const EmbeddingTable fused = MapEmbeddings(
      {model_, louder}, Store(), {.tsne = false, .fusion_only = true, .names = {"one", "two"}});
  EXPECT_EQ(fused.maps[0].features, "one + two");
  EXPECT_THROW(MapEmbeddings({model_}, Store(), {.names = {"one", "two"}}), UsageError);
  ASSERT_EQ(fused.maps.size(), 1u);
  EXPECT_FALSE(fused.maps[0].tsne);
  EXPECT_THAT(MapsCsv(fused), testing::Not(HasSubstr("tsne_x")));
  EXPECT_THAT(VectorsCsv(fused, fused.maps[0]), HasSubstr("frame,v1,v2,v3,v4,v5,v6\n"));
  EXPECT_THROW(MapEmbeddings({model_, model_}, Store()), UsageError);
  EXPECT_THROW(MapEmbeddings({}, Store()), UsageError);
  EXPECT_THROW(MapEmbeddings({model_}, Store(), {.tsne_options = {.perplexity = 0}}), UsageError);
}

TEST_F(EmbeddingsTest, OneFaceHasAPlaceButNoNeighbours) {
  const EmbeddingTable table = MapEmbeddings({model_}, Store(), {.faces = {.max_faces = 1}});
  ASSERT_EQ(table.faces.size(), 1u);
  EXPECT_EQ(table.maps[0].features, "colour");
  EXPECT_THAT(table.maps[0].tsne->points.values, ElementsAre(0, 0));
  EXPECT_THAT(table.maps[0].pca->points.values, ElementsAre(0, 0));
  EXPECT_FALSE(table.maps[0].tsne->trustworthiness);
  EXPECT_GT(table.available, 1);
}

TEST(FuseEmbeddingsTest, EachPartHasLength1) {
  const Points fused = FuseEmbeddings({PointsOf({{3, 4}, {0, 0}}), PointsOf({{-2}, {1e200}})});
  EXPECT_EQ(fused.dimensions, 3u);
  EXPECT_THAT(fused.row(0), ElementsAre(0.6, 0.8, -1));
  EXPECT_THAT(fused.row(1), ElementsAre(0, 0, 1));
  EXPECT_THROW(FuseEmbeddings({}), Error);
  EXPECT_THROW(FuseEmbeddings({PointsOf({{1}}), PointsOf({{1}, {2}})}), Error);
}

}  // namespace
}  // namespace unmask
