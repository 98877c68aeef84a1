#include "unmask/detect/classifier.h"

#include <gmock/gmock.h>

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <functional>
#include <random>

#include "unmask/base/atomic_file.h"
#include "unmask/base/error.h"
#include "unmask/base/temporary_folder.h"
#include "unmask/detect/test_models.h"

namespace unmask {
namespace {

namespace fs = std::filesystem;
using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;

double Sigmoid(double x) { return 1 / (1 + std::exp(-x)); }

Image Plain(int size, uint8_t red, uint8_t green, uint8_t blue) {
  Image image(size, size);
  for (size_t i = 0; i < image.data.size(); i += 3) {
    image.data[i] = red;
    image.data[i + 1] = green;
    image.data[i + 2] = blue;
  }
  return image;
}

std::vector<Image> Noise(int size, int count) {
  std::mt19937 random(3);
  std::vector<Image> images;
  for (int i = 0; i < count; ++i) {
    Image& image = images.emplace_back(size, size);
    for (uint8_t& value : image.data) value = static_cast<uint8_t>(random() >> 24);
  }
  return images;
}

class ClassifierTest : public testing::Test {
 protected:
  ClassifierTest() {
    setenv("UNMASK_CACHE", (folder_.path() / "cache").c_str(), 1);
    metadata_.input_width = metadata_.input_height = 16;
    // Input value = pixel / 255, so that means are easy.
    metadata_.mean = {0, 0, 0};
    metadata_.deviation = {1, 1, 1};
  }

  // fake − real = 2·red − blue.
  void WriteTwoLogits() { WriteMeanColourModel(path_, metadata_, {0, 0, 1, 2, 0, 0}, {0, 0}); }
  void WriteOneLogit() { WriteMeanColourModel(path_, metadata_, {2, 0, -1}, {0}); }

  ClassifierOptions Sidecar(const std::string& json) {
    const fs::path path = folder_.path() / "info.json";
    WriteTextFile(path, json);
    return {.sidecar = path};
  }

  double Score(const ClassifierOptions& options = {}) {
    const Image crop = Plain(16, 255, 40, 51);  // 2 · 1 − 0.2 = 1.8
    return Classifier(path_, options).Classify({&crop, 1}).at(0);
  }

  std::string Refusal(const ClassifierOptions& options = {}) {
    try {
      Score(options);
    } catch (const Error& e) {
      return e.what();
    }
    return "";
  }

  TemporaryFolder folder_;
  fs::path path_ = folder_.path() / "model.onnx";
  ModelMetadata metadata_;
};

// The file says 16 × 16 pixels in [0, 1].
constexpr char kInfo[] = R"({"mean": [0, 0, 0], "deviation": [1, 1, 1]})";

TEST_F(ClassifierTest, ProbabilityIsTheSoftmaxOfTheFakeClass) {
  WriteTwoLogits();
  EXPECT_NEAR(Score(), Sigmoid(1.8), 1e-6);
  metadata_.temperature = 3;
  WriteTwoLogits();
  EXPECT_NEAR(Score(), Sigmoid(0.6), 1e-6);
  metadata_.fake_class = 0;
  metadata_.class_names = {"fake", "real"};
  WriteTwoLogits();
  EXPECT_NEAR(Score(), Sigmoid(-0.6), 1e-6);
}

TEST_F(ClassifierTest, PreprocessingIsThatOfTheMetadata) {
  metadata_.mean = {0.5f, 0.4f, 0.3f};
  metadata_.deviation = {0.25f, 1, 0.5f};
  WriteTwoLogits();
  EXPECT_NEAR(Score(), Sigmoid(2 * (1 - 0.5) / 0.25 - (0.2 - 0.3) / 0.5), 1e-6);
}

TEST_F(ClassifierTest, SeveralClassesShareTheProbability) {
  metadata_.class_names = {"real", "fake", "cannot tell"};
  WriteMeanColourModel(path_, metadata_, {0, 0, 1, 2, 0, 0, 0, 0, 0}, {0, 0, 1});
  const double sum = std::exp(0.2) + std::exp(2.0) + std::exp(1.0);
  EXPECT_NEAR(Score(), std::exp(2.0) / sum, 1e-6);
}

TEST_F(ClassifierTest, ASingleLogitSpeaksOfTheSecondClass) {
  WriteOneLogit();
  EXPECT_NEAR(Score(), Sigmoid(1.8), 1e-6);
  metadata_.fake_class = 0;
  metadata_.temperature = 2;
  WriteOneLogit();
  EXPECT_NEAR(Score(), 1 - Sigmoid(0.9), 1e-6);
}

TEST_F(ClassifierTest, ProbabilitiesAreTakenAsTheyAre) {
  metadata_.output_is_probability = true;
  WriteMeanColourModel(path_, metadata_, {-0.5f, 0, 0, 0.5f, 0, 0}, {0.9f, 0.1f});
  EXPECT_NEAR(Score(), 0.6, 1e-6);
  WriteTwoLogits();  // gives 2.0
  EXPECT_THAT(Refusal(), AllOf(HasSubstr("as a probability"), HasSubstr("output_is_probability")));
}

TEST_F(ClassifierTest, MarginsAreTheLogOddsBeforeCalibration) {
  const Image crop = Plain(16, 255, 40, 51);
  const auto run = [&] {
    Classifier classifier(path_);
    classifier.Add(crop);
    classifier.Run();
    return classifier.margins().at(0);
  };
  metadata_.temperature = 3;
  WriteTwoLogits();
  EXPECT_NEAR(run(), 1.8, 1e-6);
  WriteOneLogit();
  EXPECT_NEAR(run(), 1.8, 1e-6);
  metadata_.fake_class = 0;
  WriteOneLogit();
  EXPECT_NEAR(run(), -1.8, 1e-6);
  WriteTwoLogits();
  EXPECT_NEAR(run(), -1.8, 1e-6);
  metadata_.fake_class = 1;
  metadata_.class_names = {"real", "fake", "cannot tell"};
  WriteMeanColourModel(path_, metadata_, {0, 0, 1, 2, 0, 0, 0, 0, 0}, {0, 0, 1});
  EXPECT_NEAR(run(), 2 - std::log(std::exp(0.2) + std::exp(1.0)), 1e-6);
  metadata_.class_names = {"real", "fake"};
  metadata_.output_is_probability = true;
  WriteMeanColourModel(path_, metadata_, {-0.5f, 0, 0, 0.5f, 0, 0}, {0.9f, 0.1f});
  EXPECT_NEAR(run(), std::log(0.6 / 0.4), 1e-5);
  WriteMeanColourModel(path_, metadata_, {0, 0, 0, 0, 0, 0}, {0, 1});
  EXPECT_TRUE(std::isfinite(run()));
}

TEST_F(ClassifierTest, AForeignModelIsDescribedByASidecar) {
  WriteTwoLogits();
  MakeForeign(path_, {.output_name = "scores"});
  EXPECT_THAT(Refusal(), AllOf(HasSubstr("model.onnx"), HasSubstr("--model-info")));
  EXPECT_NEAR(Score(Sidecar(kInfo)), Sigmoid(1.8), 1e-6);  // the size is the network's own
  Classifier classifier(path_, Sidecar(kInfo));
  EXPECT_EQ(classifier.metadata().name, "model");
  EXPECT_EQ(classifier.alignment().size, 16);
  EXPECT_EQ(classifier.sha256().size(), 64u);
  WriteOneLogit();
  MakeForeign(path_, {.output_name = "y"});
  EXPECT_NEAR(Score(Sidecar(kInfo)), Sigmoid(1.8), 1e-6);
}

TEST_F(ClassifierTest, ASidecarIsLaidOverTheModelsOwnMetadata) {
  metadata_.crop_scale = 1.7;
  WriteTwoLogits();
  const Classifier classifier(path_, Sidecar(R"({"threshold": 0.75})"));
  EXPECT_EQ(classifier.metadata().threshold, 0.75);
  EXPECT_EQ(classifier.alignment().scale, 1.7);
}

TEST_F(ClassifierTest, OneOfSeveralOutputsIsNamed) {
  WriteTwoLogits();
  MakeForeign(path_, {.output_name = "a", .second_output = "b"});
  EXPECT_THAT(Refusal(Sidecar(kInfo)),
              AllOf(HasSubstr("'a'"), HasSubstr("'b'"), HasSubstr("\"output\"")));
  const std::string info(kInfo);
  EXPECT_NEAR(Score(Sidecar(R"({"output": "b", )" + info.substr(1))), Sigmoid(-1.8), 1e-6);
  WriteTwoLogits();
  MakeForeign(path_, {.second_output = "b"});  // beside "logits"
  EXPECT_NEAR(Score(Sidecar(kInfo)), Sigmoid(1.8), 1e-6);
}

TEST_F(ClassifierTest, ABatchThatIsFixedInTheModelIsFilledUp) {
  WriteTwoLogits();
  MakeForeign(path_, {.keep_metadata = true, .input_shape = {4, 3, 16, 16}});
  Classifier classifier(path_, {.batch = 64});
  EXPECT_EQ(classifier.batch(), 4);
  const std::vector<Image> crops(6, Plain(16, 255, 40, 51));
  for (const double score : classifier.Classify(crops)) EXPECT_NEAR(score, Sigmoid(1.8), 1e-6);
}

TEST_F(ClassifierTest, AModelOfOpenShapeTakesTheStatedSize) {
  WriteTwoLogits();
  MakeForeign(path_, {.keep_metadata = true, .input_shape = {-1, 3, -1, -1}});
  EXPECT_NEAR(Score(), Sigmoid(1.8), 1e-6);
}

TEST_F(ClassifierTest, ScoresDependNeitherOnTheBatchNorOnThreads) {
  WriteMadeUpLite0(path_, 64);
  const std::vector<Image> crops = Noise(64, 11);
  const std::vector<double> expected =
      Classifier(path_, {.batch = 1, .threads = 1}).Classify(crops);
  ASSERT_EQ(expected.size(), 11u);
  const auto [low, high] = std::minmax_element(expected.begin(), expected.end());
  EXPECT_GT(*high - *low, 1e-3);  // scores that say something
  for (const int batch : {2, 8, 32}) {
    for (const int threads : {1, 2}) {
      Classifier classifier(path_, {.batch = batch, .threads = threads});
      const std::vector<double> scores = classifier.Classify(crops);
      ASSERT_EQ(scores.size(), expected.size());
      for (size_t i = 0; i < scores.size(); ++i) EXPECT_NEAR(scores[i], expected[i], 1e-6) << batch;
    }
  }
}

TEST_F(ClassifierTest, EmbeddingsAreThoseOfTheLastRun) {
  WriteTwoLogits();
  EXPECT_FALSE(Classifier(path_).has_embedding());
  MakeForeign(path_, {.keep_metadata = true, .second_output = "embedding"});  // minus the logits
  Classifier classifier(path_, {.batch = 4});
  EXPECT_TRUE(classifier.has_embedding());
  EXPECT_TRUE(classifier.embeddings().empty());
  classifier.Add(Plain(16, 255, 40, 51));
  classifier.Add(Plain(16, 0, 0, 255));
  classifier.Run();
  using testing::FloatNear;
  EXPECT_THAT(classifier.embeddings(), ElementsAre(FloatNear(-0.2f, 1e-6f), FloatNear(-2, 1e-6f),
                                                   FloatNear(-1, 1e-6f), FloatNear(0, 1e-6f)));
  EXPECT_EQ(classifier.embedding_size(), 2u);
  classifier.Run();
  EXPECT_TRUE(classifier.embeddings().empty());
}

TEST_F(ClassifierTest, FilesThatAreNoModelsAreNamed) {
  EXPECT_THAT(Refusal(), AllOf(HasSubstr("model.onnx"), HasSubstr("no such file")));
  WriteTextFile(path_, "");
  EXPECT_THAT(Refusal(), AllOf(HasSubstr("model.onnx"), HasSubstr("empty")));
  WriteTextFile(path_, "this is no network");
  EXPECT_THAT(Refusal(), AllOf(HasSubstr("model.onnx"), HasSubstr("not ONNX")));
  WriteTwoLogits();
  fs::resize_file(path_, fs::file_size(path_) / 2);
  EXPECT_THAT(Refusal(), HasSubstr("model.onnx"));
}

TEST_F(ClassifierTest, InputsThatAreNoPicturesAreRefused) {
  const auto refusal = [&](const ForeignChanges& changes) {
    WriteTwoLogits();
    MakeForeign(path_, changes);
    return Refusal();
  };
  EXPECT_THAT(refusal({.keep_metadata = true, .input_shape = {-1, 1, 16, 16}}),
              HasSubstr("model.onnx"));
  EXPECT_THAT(refusal({.keep_metadata = true, .input_shape = {-1, 3, 16}}),
              HasSubstr("model.onnx"));
  EXPECT_THAT(refusal({.keep_metadata = true, .second_input = true}), HasSubstr("2 inputs"));
  EXPECT_THAT(refusal({.keep_metadata = true, .input_shape = {-1, 3, 32, 32}}),
              AllOf(HasSubstr("16 × 16"), HasSubstr("--model-info")));
}

TEST_F(ClassifierTest, SidecarsThatLieAreRefused) {
  WriteTwoLogits();
  MakeForeign(path_, {});
  EXPECT_THAT(Refusal({.sidecar = "/missing.json"}), HasSubstr("/missing.json"));
  EXPECT_THAT(Refusal(Sidecar("{")), HasSubstr("info.json"));
  EXPECT_THAT(Refusal(Sidecar("[1]")), HasSubstr("info.json"));
  EXPECT_THAT(Refusal(Sidecar(R"({"mean": "grey"})")),
              AllOf(HasSubstr("info.json"), HasSubstr("'mean'")));
  EXPECT_THAT(Refusal(Sidecar(R"({"input_width": 99})")), HasSubstr("99 × 16"));
  EXPECT_THAT(Refusal(Sidecar(R"({"class_names": ["a", "b", "c"]})")),
              AllOf(HasSubstr("3 values"), HasSubstr("class_names")));
}

TEST_F(ClassifierTest, OddCropsAndOptionsAreRefused) {
  WriteTwoLogits();
  Classifier classifier(path_, {.batch = 1});
  EXPECT_THROW(classifier.Add(Plain(17, 0, 0, 0)), Error);
  classifier.Add(Plain(16, 0, 0, 0));
  EXPECT_THROW(classifier.Add(Plain(16, 0, 0, 0)), Error);
  classifier.Discard();
  EXPECT_TRUE(classifier.Run().empty());
  EXPECT_THROW(Classifier(path_, {.batch = 0}), UsageError);
  EXPECT_THROW(Classifier(path_, {.threads = -1}), UsageError);
}

TEST_F(ClassifierTest, TheDefaultModelCanBeLoadedAndSaysWhatItIs) {
  const Classifier classifier(DefaultModel());
  EXPECT_EQ(classifier.metadata().name, "unmask-lite0");
  EXPECT_FALSE(classifier.metadata().training_data.empty());
  EXPECT_FALSE(classifier.metadata().licence.empty());
}

}  // namespace
}  // namespace unmask
