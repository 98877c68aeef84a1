#include "unmask/model/metadata.h"

#include <cmath>
#include <nlohmann/json.hpp>

#include "unmask/base/error.h"

namespace unmask {
namespace {

void Require(bool condition, const std::string& rule) {
  if (!condition) throw Error("model metadata: " + rule);
}

// Calls visit(name, field) for every field: the one list of names, for writing and reading.
template <typename Metadata, typename Visitor>
void VisitFields(Metadata& m, Visitor visit) {
  visit("format_version", m.format_version);
  visit("name", m.name);
  visit("backbone", m.backbone);
  visit("loss", m.loss);
  visit("loss_options", m.loss_options);
  visit("input_width", m.input_width);
  visit("input_height", m.input_height);
  visit("mean", m.mean);
  visit("deviation", m.deviation);
  visit("crop_scale", m.crop_scale);
  visit("alignment", m.alignment);
  visit("output", m.output);
  visit("output_is_probability", m.output_is_probability);
  visit("class_names", m.class_names);
  visit("fake_class", m.fake_class);
  visit("temperature", m.temperature);
  visit("threshold", m.threshold);
  visit("real_below", m.limits.real_below);
  visit("least_faces", m.limits.least_faces);
  visit("least_face_pixels", m.limits.least_face_pixels);
  visit("least_sharpness", m.limits.least_sharpness);
  visit("least_bits_per_pixel", m.limits.least_bits_per_pixel);
  visit("most_dissent", m.limits.most_dissent);
  visit("most_distance", m.limits.most_distance);
  visit("embedding_mean", m.embedding_mean);
  visit("embedding_deviation", m.embedding_deviation);
  visit("training_data", m.training_data);
  visit("recipe", m.recipe);
  visit("validation", m.validation);
  visit("licence", m.licence);
  visit("program_version", m.program_version);
}

}  // namespace

void ModelMetadata::Validate() const {
  Require(format_version == 1,
          "format_version is " + std::to_string(format_version) + "; this program reads version 1");
  Require(input_width >= 8 && input_width <= 4096 && input_height >= 8 && input_height <= 4096,
          "input_width and input_height must lie in 8 … 4096");
  for (const float d : deviation) Require(d > 0, "deviation must be positive");
  for (const float m : mean) Require(std::isfinite(m), "mean must be finite");
  Require(crop_scale >= 0.5 && crop_scale <= 10, "crop_scale must lie in 0.5 … 10");
  Require(alignment == "five_points", "alignment '" + alignment + "' is unknown; five_points is");
  Require(class_names.size() >= 2, "class_names needs at least two names");
  Require(fake_class >= 0 && fake_class < static_cast<int>(class_names.size()),
          "fake_class must be the index of one of class_names");
  Require(temperature > 0 && std::isfinite(temperature), "temperature must be positive");
  Require(threshold >= 0 && threshold <= 1, "threshold must lie in 0 … 1");
  try {
    limits.Validate();
  } catch (const Error& e) {
    Require(false, e.problem());
  }
  Require(embedding_mean.size() == embedding_deviation.size(),
          "embedding_mean and embedding_deviation must be equally long");
  for (const double m : embedding_mean) Require(std::isfinite(m), "embedding_mean must be finite");
  Require(limits.most_distance == 0 || !embedding_mean.empty(),
          "most_distance needs embedding_mean and embedding_deviation, from which distances are "
          "measured");
  for (const double d : embedding_deviation) {
    Require(d >= 0 && std::isfinite(d), "embedding_deviation must not be negative");
  }
}

Json ToJson(const ModelMetadata& metadata) {
  Json json = Json::object();
  VisitFields(metadata, [&](const char* name, const auto& field) { json[name] = field; });
  return json;
}

double EmbeddingDistance(const ModelMetadata& metadata, std::span<const float> embedding) {
  const std::vector<double>& mean = metadata.embedding_mean;
  if (mean.empty()) return 0;
  Require(mean.size() == embedding.size(), "embedding_mean has " + std::to_string(mean.size()) +
                                               " values, and the embedding " +
                                               std::to_string(embedding.size()));
  double sum = 0;
  size_t count = 0;
  for (size_t i = 0; i < mean.size(); ++i) {
    const double deviation = metadata.embedding_deviation[i];
    if (deviation <= 0) continue;
    const double z = (embedding[i] - mean[i]) / deviation;
    sum += z * z;
    ++count;
  }
  return count > 0 ? std::sqrt(sum / static_cast<double>(count)) : 0;
}

ModelMetadata ModelMetadataFromJson(const Json& json, const ModelMetadata& defaults) {
  if (!json.is_object()) throw Error("model metadata: is not a JSON object");
  ModelMetadata metadata = defaults;
  VisitFields(metadata, [&](const char* name, auto& field) {
    if (!json.contains(name)) return;
    try {
      field = json[name].get<std::decay_t<decltype(field)>>();
    } catch (const nlohmann::json::exception&) {
      throw Error("model metadata: field '" + std::string(name) + "' has the wrong type");
    }
  });
  metadata.Validate();
  return metadata;
}

}  // namespace unmask
