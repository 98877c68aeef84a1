#include "unmask/model/metadata.h"

#include <gmock/gmock.h>

#include <cmath>
#include <nlohmann/json.hpp>

#include "unmask/base/error.h"

namespace unmask {
namespace {

using testing::HasSubstr;

TEST(MetadataTest, RoundTripKeepsEveryField) {
  ModelMetadata metadata;
  metadata.name = "a model";
  metadata.backbone = "xception";
  metadata.loss = "softmax";
  metadata.loss_options = "{}";
  metadata.input_width = 299;
  metadata.input_height = 300;
  metadata.mean = {0.1f, 0.2f, 0.3f};
  metadata.deviation = {0.4f, 0.5f, 0.6f};
  metadata.crop_scale = 1.7;
  metadata.output = "scores";
  metadata.output_is_probability = true;
  metadata.class_names = {"fake", "real", "cannot tell"};
  metadata.fake_class = 0;
  metadata.temperature = 1.5;
  metadata.threshold = 0.25;
  metadata.limits = {.real_below = 0.125,
                     .least_faces = 3,
                     .least_face_pixels = 40,
                     .least_sharpness = 12.5,
                     .least_bits_per_pixel = 0.01,
                     .most_dissent = 0.45,
                     .most_distance = 2.5};
  metadata.embedding_mean = {0.5, 1.25};
  metadata.embedding_deviation = {0.75, 0};
  metadata.training_data = "données";
  metadata.recipe = "r";
  metadata.validation = "v";
  metadata.licence = "Apache-2.0";
  metadata.program_version = "0.1.0";
  const Json json = ToJson(metadata);
  const ModelMetadata back = ModelMetadataFromJson(json);
  EXPECT_EQ(ToJson(back), json);
  EXPECT_EQ(back.class_names, metadata.class_names);
  EXPECT_EQ(back.deviation, metadata.deviation);
  EXPECT_EQ(back.limits, metadata.limits);
}

TEST(MetadataTest, DistanceIsInDeviationsAndWhatNeverVariedCountsNothing) {
  ModelMetadata metadata;
  EXPECT_EQ(EmbeddingDistance(metadata, std::vector<float>{1, 2, 3}), 0);
  metadata.embedding_mean = {1, 2, 3};
  metadata.embedding_deviation = {0.5, 0, 2};
  EXPECT_DOUBLE_EQ(EmbeddingDistance(metadata, std::vector<float>{1, 2, 3}), 0);
  EXPECT_DOUBLE_EQ(EmbeddingDistance(metadata, std::vector<float>{2, 99, 3}), std::sqrt(4 / 2.0));
  EXPECT_THROW(EmbeddingDistance(metadata, std::vector<float>{1}), Error);
  metadata.limits.most_distance = 2;
  metadata.Validate();
  metadata.embedding_mean.clear();
  metadata.embedding_deviation.clear();
  EXPECT_THROW(metadata.Validate(), Error);  // it could never be reached
}

TEST(MetadataTest, ASidecarMayHoldOnlySomeFields) {
  ModelMetadata defaults;
  defaults.input_width = 299;
  const ModelMetadata metadata =
      ModelMetadataFromJson(Json::parse(R"({"fake_class": 0, "of the future": 7})"), defaults);
  EXPECT_EQ(metadata.fake_class, 0);
  EXPECT_EQ(metadata.input_width, 299);
}

std::string Refusal(const char* text) {
  try {
    ModelMetadataFromJson(Json::parse(text));
  } catch (const Error& e) {
    return e.what();
  }
  return "";
}

TEST(MetadataTest, MistakesNameTheField) {
  EXPECT_THAT(Refusal("[]"), HasSubstr("not a JSON object"));
  EXPECT_THAT(Refusal(R"({"format_version": 2})"), HasSubstr("format_version"));
  EXPECT_THAT(Refusal(R"({"mean": [0, 0]})"), HasSubstr("'mean'"));
  EXPECT_THAT(Refusal(R"({"name": 3})"), HasSubstr("'name'"));
  EXPECT_THAT(Refusal(R"({"input_width": 1000000})"), HasSubstr("input_width"));
  EXPECT_THAT(Refusal(R"({"deviation": [0.5, 0, 0.5]})"), HasSubstr("deviation"));
  EXPECT_THAT(Refusal(R"({"fake_class": 2})"), HasSubstr("fake_class"));
  EXPECT_THAT(Refusal(R"({"temperature": 0})"), HasSubstr("temperature"));
  EXPECT_THAT(Refusal(R"({"threshold": 2})"), HasSubstr("threshold"));
  EXPECT_THAT(Refusal(R"({"crop_scale": -1})"), HasSubstr("crop_scale"));
  EXPECT_THAT(Refusal(R"({"alignment": "ears"})"), HasSubstr("alignment"));
}

}  // namespace
}  // namespace unmask
