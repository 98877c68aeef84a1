#include "unmask/detect/store_scores.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <map>

#include "unmask/base/error.h"
#include "unmask/base/temporary_folder.h"
#include "unmask/data/prepare.h"
#include "unmask/detect/test_models.h"
#include "unmask/media/picture.h"
#include "unmask/sampling/augment.h"

namespace unmask {
namespace {

namespace fs = std::filesystem;
using testing::AllOf;
using testing::HasSubstr;

class StoreScoresTest : public testing::Test {
 protected:
  StoreScoresTest() {
    setenv("UNMASK_CACHE", (folder_.path() / "cache").c_str(), 1);
    WritePicture(folder_.path() / "grey.png", Image(64, 64));
    const fs::path samples = fs::path(UNMASK_DEPS_DIR) / "samples";
    const auto input = [&](const fs::path& file, const std::string& split, int label) {
      inputs_.push_back({.file = file, .split = split, .label = label});
    };
    input(samples / "sample1.jpg", "test", 1);
    input(folder_.path() / "grey.png", "test", 0);
    input(samples / "sample2.jpg", "test", 0);
    input(folder_.path() / "gone.png", "test", 1);
    input(samples / "suit.jpg", "val", 0);
    inputs_[0].class_name = "Deepfakes";
    inputs_[0].identity = "ann";
  }

  CropStore Store(const PrepareOptions& options = {.crop_size = 96}) {
    const fs::path path = folder_.path() / ("store" + std::to_string(stores_++));
    Prepare(inputs_, path, options);
    return OpenCropStore(path);
  }

  // fake − real = red − blue, of a crop of 32 pixels.
  Classifier Model(int batch) {
    ModelMetadata metadata;
    metadata.input_width = metadata.input_height = 32;
    metadata.temperature = 2;
    const fs::path path = folder_.path() / "model.onnx";
    WriteMeanColourModel(path, metadata, {0, 0, 1, 1, 0, 0}, {0, 0});
    return Classifier(path, {.batch = batch});
  }

  std::string Refusal(const CropStore& store, const StoreSelection& selection) {
    try {
      Classifier model = Model(8);
      ScoreStore(model, store, selection);
    } catch (const Error& e) {
      return e.what();
    }
    return "";
  }

  TemporaryFolder folder_;
  std::vector<PrepareInput> inputs_;
  int stores_ = 0;
};

TEST_F(StoreScoresTest, EveryCropHasTheScoreOfItsCentre) {
  const CropStore store = Store();
  Classifier model = Model(4);
  int64_t last = 0, total = 0;
  const std::vector<ScoredFile> files =
      ScoreStore(model, store, {}, 2, nullptr, [&](int64_t done, int64_t all) {
        EXPECT_GT(done, last);
        last = done;
        total = all;
      });
  ASSERT_EQ(files.size(), 4u);
  std::map<std::string, std::vector<double>> expected;
  for (const CropRecord& record : store.records) {
    const Image crop =
        CentreCrop(store.ReadCrop(record), {.strength = 0, .output_size = 32, .input_scale = 1.7});
    expected[record.source].push_back(model.Classify({&crop, 1}).at(0));
  }
  int64_t faces = 0;
  for (const ScoredFile& file : files) {
    std::vector<double> scores;
    for (const auto& track : file.tracks) {
      for (const FaceScore& face : track) {
        scores.push_back(face.score);
        EXPECT_NEAR(face.score, 1 / (1 + std::exp(-face.margin / 2)), 1e-6);
      }
    }
    faces += file.faces();
    EXPECT_EQ(scores, expected[file.file]) << file.file;
  }
  EXPECT_EQ(last, faces);
  EXPECT_EQ(total, faces);
}

TEST_F(StoreScoresTest, FilesAreThereWhateverCameOfThem) {
  Classifier model = Model(8);
  const std::vector<ScoredFile> files = ScoreStore(model, Store(), {});
  ASSERT_EQ(files.size(), 4u);
  EXPECT_GT(files[0].tracks.size(), 1u);  // a group, each person a track
  EXPECT_EQ(files[0].class_name, "Deepfakes");
  EXPECT_EQ(files[0].identity, "ann");
  EXPECT_EQ(files[0].label, 1);
  EXPECT_FALSE(files[1].has_score());
  EXPECT_EQ(files[1].failure, "");
  EXPECT_EQ(files[2].class_name, "real");
  EXPECT_TRUE(files[2].has_score());
  EXPECT_THAT(files[3].failure, HasSubstr("gone.png"));
}

TEST_F(StoreScoresTest, NeitherThreadsNorBatchMatter) {
  const CropStore store = Store();
  Classifier one = Model(1);
  const auto expected = ScoreStore(one, store, {.split = ""}, 1);
  for (const auto& [batch, threads] : {std::pair(3, 1), std::pair(8, 3), std::pair(64, 5)}) {
    Classifier model = Model(batch);
    const auto files = ScoreStore(model, store, {.split = ""}, threads);
    ASSERT_EQ(files.size(), 5u);
    for (size_t f = 0; f < files.size(); ++f) {
      ASSERT_EQ(files[f].tracks.size(), expected[f].tracks.size());
      for (size_t t = 0; t < files[f].tracks.size(); ++t) {
        EXPECT_EQ(files[f].tracks[t][0].score, expected[f].tracks[t][0].score);
      }
    }
  }
}

TEST_F(StoreScoresTest, FilesAreSelected) {
  const CropStore store = Store();
  EXPECT_EQ(SelectFiles(store, {.split = "val"}).size(), 1u);
  EXPECT_EQ(SelectFiles(store, {.classes = {"Deepfakes"}}).size(), 1u);
  EXPECT_THAT(Refusal(store, {.split = "train"}),
              AllOf(HasSubstr("split train"), HasSubstr("split val, class real")));
  EXPECT_THAT(Refusal(store, {.classes = {"FaceSwap"}}), HasSubstr("class Deepfakes"));
  EXPECT_THAT(Refusal(store, {.quality = "c23"}), HasSubstr("quality c23"));
  for (PrepareInput& input : inputs_) input.label = -1;
  EXPECT_THAT(Refusal(Store(), {.split = ""}), HasSubstr("none of its files has a label"));
}

TEST_F(StoreScoresTest, CropsMustShowWhatTheModelWants) {
  EXPECT_THAT(Refusal(Store({.crop_size = 96, .crop_scale = 1.1}), {}),
              AllOf(HasSubstr("scale 1.10"), HasSubstr("--crop-scale 1.30")));
}

TEST_F(StoreScoresTest, ItStopsOnRequest) {
  CancelToken cancel;
  cancel.Cancel();
  Classifier model = Model(2);
  EXPECT_THROW(ScoreStore(model, Store(), {}, 2, &cancel), Cancelled);
}

}  // namespace
}  // namespace unmask
