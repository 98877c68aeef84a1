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

// Of every file name and class the mean score.
std::map<std::pair<std::string, std::string>, double> MeanScores(
    const std::vector<ScoredFile>& files) {
  std::map<std::pair<std::string, std::string>, double> means;
  for (const ScoredFile& file : files) {
    double sum = 0;
    for (const auto& track : file.tracks) {
      for (const FaceScore& face : track) sum += face.score;
    }
    if (file.has_score()) {
      means[{fs::path(file.file).filename(), file.class_name}] =
          sum / static_cast<double>(file.faces());
    }
  }
  return means;
}

TEST_F(StoreScoresTest, RealFilesArePairedWithForgedCopies) {
  const CropStore store = Store();
  Classifier model = Model(3);
  const StoreSelection selection{.forgeries = {"warp", "self-blend", "warp"}};
  const std::vector<ScoredFile> files = ScoreStore(model, store, selection, 2);
  ASSERT_EQ(files.size(), 2u + 2 * 4);  // two of fakes, and of two real ones four each
  const auto means = MeanScores(files);
  EXPECT_EQ(means.size(), 5u);  // in grey.png there is no face, and gone.png is not there
  EXPECT_TRUE(means.contains({"sample1.jpg", "Deepfakes"}));
  for (const std::string forgery : {"warp", "self-blend"}) {
    const std::string name = "sample2.jpg#" + forgery;
    EXPECT_NE(means.at({name, "real"}), means.at({name, forgery}));
  }
  for (const ScoredFile& file : files) {
    EXPECT_EQ(file.label, file.class_name == "real" ? 0 : 1);
    EXPECT_EQ(file.identity.empty(), false) << file.file;
  }
  Classifier other = Model(8);
  EXPECT_EQ(MeanScores(ScoreStore(other, store, selection, 1)), means);
  EXPECT_NE(MeanScores(ScoreStore(other, store, {.forgeries = {"self-blend"}, .seed = 2}))
                .at({"sample2.jpg#self-blend", "self-blend"}),
            means.at({"sample2.jpg#self-blend", "self-blend"}));
}

TEST_F(StoreScoresTest, AnotherPersonsFaceComesFromTheSelection) {
  EXPECT_THAT(Refusal(Store(), {.forgeries = {"cross-blend"}}), HasSubstr("of one person"));
  inputs_[0].label = 0;
  inputs_[0].class_name = "";
  const CropStore store = Store();
  Classifier model = Model(8);
  const auto means = MeanScores(ScoreStore(model, store, {.forgeries = {"cross-blend"}}));
  EXPECT_NE(means.at({"sample2.jpg#cross-blend", "real"}),
            means.at({"sample2.jpg#cross-blend", "cross-blend"}));
  EXPECT_THAT(Refusal(store, {.forgeries = {"wrap"}}), HasSubstr("warp"));
}

TEST_F(StoreScoresTest, RealAndFakeAreCompressedAlike) {
  const CropStore store = Store();
  Classifier model = Model(8);
  const auto plain = MeanScores(ScoreStore(model, store, {}));
  const auto compressed = MeanScores(ScoreStore(model, store, {.crf = 45}));
  ASSERT_EQ(plain.size(), compressed.size());
  for (const auto& [file, mean] : plain) EXPECT_NE(mean, compressed.at(file));
  EXPECT_THAT(Refusal(store, {.crf = 52}), HasSubstr("CRF"));
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
