#include "unmask/detect/classifier.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <nlohmann/json.hpp>
#include <optional>

#include "unmask/base/error.h"
#include "unmask/base/json.h"
#include "unmask/base/paths.h"
#include "unmask/base/text.h"
#include "unmask/model/model_file.h"

namespace unmask {
namespace {

namespace fs = std::filesystem;

constexpr char kSidecarHelp[] =
    "Describe the model in a JSON file, for example {\"input_width\": 299, \"input_height\": 299, "
    "\"mean\": [0.5, 0.5, 0.5], \"deviation\": [0.5, 0.5, 0.5], \"class_names\": [\"real\", "
    "\"fake\"], \"fake_class\": 1}, and give it as --model-info FILE";

std::string TextOf(const std::vector<int64_t>& shape) {
  std::vector<std::string> sizes;
  for (const int64_t size : shape) sizes.push_back(size < 0 ? "?" : std::to_string(size));
  return "[" + Join(sizes, ", ") + "]";
}

std::string TextOf(const std::vector<TensorInfo>& tensors) {
  std::vector<std::string> texts;
  for (const TensorInfo& tensor : tensors) {
    texts.push_back("'" + tensor.name + "' " + TextOf(tensor.shape));
  }
  return Join(texts, ", ");
}

// Values per image; 0 where it is not known before running.
int64_t WidthOf(const std::vector<int64_t>& shape) {
  if (shape.empty()) return 0;
  int64_t width = 1;
  for (size_t i = 1; i < shape.size(); ++i) width *= std::max<int64_t>(shape[i], 0);
  return width;
}

// What the model says of itself under what the sidecar says.
ModelMetadata ReadMetadata(const fs::path& path, const ModelDescription& description,
                           const fs::path& sidecar, const Session& session) {
  if (!description.metadata && sidecar.empty()) {
    throw Error(
        path.string() + ": does not say how its input is made (no metadata of this program)",
        kSidecarHelp);
  }
  ModelMetadata metadata;
  if (description.metadata) {
    metadata = *description.metadata;
  } else if (const auto& inputs = session.inputs();
             inputs.size() == 1 && inputs[0].shape.size() == 4) {
    // The network's own size, unless the sidecar states one.
    if (inputs[0].shape[2] > 0) metadata.input_height = static_cast<int>(inputs[0].shape[2]);
    if (inputs[0].shape[3] > 0) metadata.input_width = static_cast<int>(inputs[0].shape[3]);
  }
  if (!sidecar.empty()) {
    const Json json = ReadJson(sidecar);
    try {
      metadata = ModelMetadataFromJson(json, metadata);
    } catch (const Error& e) {
      throw Error(sidecar.string() + ": " + e.problem(), kSidecarHelp);
    }
  }
  if (metadata.name.empty()) metadata.name = path.stem().string();
  return metadata;
}

}  // namespace

void ClassifierOptions::Validate() const {
  if (batch < 1 || batch > 256) {
    throw UsageError("faces classified at once must lie in 1 … 256, is " + std::to_string(batch));
  }
  if (threads < 0) throw UsageError("threads must be at least 0, is " + std::to_string(threads));
}

Classifier::Classifier(const fs::path& model, const ClassifierOptions& options)
    : path_(model),
      description_((options.Validate(), DescribeModel(model))),
      session_(model, {.threads = options.threads, .precision = options.precision}),
      metadata_(ReadMetadata(model, description_, options.sidecar, session_)),
      batch_(options.batch) {
  CheckInput();
  ChooseOutput();
  input_.resize(static_cast<size_t>(batch_) * 3 * metadata_.input_width * metadata_.input_height);
  for (size_t c = 0; c < 3; ++c) {
    for (size_t v = 0; v < 256; ++v) {
      value_of_[c][v] =
          (static_cast<float>(v) / 255.0f - metadata_.mean[c]) / metadata_.deviation[c];
    }
  }
}

void Classifier::CheckInput() {
  const std::vector<TensorInfo>& inputs = session_.inputs();
  const std::string expected =
      "Expected is one input of shape [images, 3, height, width] with the channels red, green, "
      "blue; export the model so";
  if (inputs.size() != 1) {
    throw Error(path_.string() + ": has " + std::to_string(inputs.size()) + " inputs (" +
                    TextOf(inputs) + "), not one",
                expected);
  }
  const std::vector<int64_t>& shape = inputs[0].shape;  // empty where even the rank is open
  if (!shape.empty() && (shape.size() != 4 || (shape[1] > 0 && shape[1] != 3))) {
    throw Error(path_.string() + ": its input " + TextOf(inputs) + " does not take pictures",
                expected);
  }
  const int width = metadata_.input_width;
  const int height = metadata_.input_height;
  if (!shape.empty() &&
      ((shape[2] > 0 && shape[2] != height) || (shape[3] > 0 && shape[3] != width))) {
    throw Error(path_.string() + ": its input " + TextOf(inputs) + " is not of " +
                    std::to_string(width) + " × " + std::to_string(height) +
                    " pixels as its description says",
                "Correct input_width and input_height in the file given with --model-info");
  }
  if (width != height) {
    throw Error(path_.string() + ": wants crops of " + std::to_string(width) + " × " +
                    std::to_string(height) + " pixels, and only square ones can be made",
                "Export the model with a square input");
  }
  fixed_batch_ = !shape.empty() && shape[0] > 0;
  if (fixed_batch_) batch_ = static_cast<int>(shape[0]);
}

void Classifier::ChooseOutput() {
  const std::vector<TensorInfo>& outputs = session_.outputs();
  const auto classes = static_cast<int64_t>(metadata_.class_names.size());
  const auto fits = [&](const TensorInfo& output) {
    const int64_t width = WidthOf(output.shape);
    return width == classes || (width == 1 && classes == 2);
  };
  for (size_t i = 0; i < outputs.size(); ++i) {
    if (outputs[i].name == "embedding") embedding_output_ = static_cast<int>(i);
  }
  std::vector<size_t> fitting;
  for (size_t i = 0; i < outputs.size(); ++i) {
    if (fits(outputs[i])) fitting.push_back(i);
    if (outputs[i].name == metadata_.output &&
        (fits(outputs[i]) || WidthOf(outputs[i].shape) == 0)) {
      output_ = i;
      return;
    }
  }
  if (fitting.size() == 1) {
    output_ = fitting[0];
    return;
  }
  throw Error(path_.string() + ": which of its outputs is the classification cannot be told: " +
                  TextOf(outputs) + "; wanted is '" + metadata_.output + "' or just one with " +
                  std::to_string(classes) + " values" + (classes == 2 ? " or a single one" : ""),
              "Name it with \"output\" and the classes with \"class_names\" in the JSON file given "
              "with --model-info");
}

AlignmentOptions Classifier::alignment() const {
  return {.size = metadata_.input_width, .scale = metadata_.crop_scale};
}

void Classifier::Add(const Image& crop) {
  const int size = metadata_.input_width;
  if (crop.width != size || crop.height != size || crop.channels != 3) {
    throw Error("a crop of " + std::to_string(crop.width) + " × " + std::to_string(crop.height) +
                " pixels was given to a model of " + std::to_string(size));
  }
  if (waiting_ >= batch_) throw Error("more crops than the batch holds");
  const size_t pixels = static_cast<size_t>(size) * size;
  float* planes = input_.data() + static_cast<size_t>(waiting_) * 3 * pixels;
  const uint8_t* bytes = crop.data.data();
  for (size_t i = 0; i < pixels; ++i) {
    for (size_t c = 0; c < 3; ++c) planes[c * pixels + i] = value_of_[c][bytes[3 * i + c]];
  }
  ++waiting_;
}

double Classifier::Probability(std::span<const float> values) const {
  const bool ready = metadata_.output_is_probability;
  double p = 0;
  if (values.size() == 1) {  // speaks of class 1
    p = ready ? values[0] : 1 / (1 + std::exp(-values[0] / metadata_.temperature));
    if (metadata_.fake_class == 0) p = 1 - p;
  } else if (ready) {
    p = values[static_cast<size_t>(metadata_.fake_class)];
  } else {
    const double largest = *std::max_element(values.begin(), values.end());
    double sum = 0;
    for (const float v : values) sum += std::exp((v - largest) / metadata_.temperature);
    const double fake = values[static_cast<size_t>(metadata_.fake_class)];
    p = std::exp((fake - largest) / metadata_.temperature) / sum;
  }
  if (!(p >= -1e-3 && p <= 1 + 1e-3)) {  // also not a number
    throw Error(path_.string() + ": gave " + FormatFixed(p, 3) + " as a probability",
                ready ? "Its output is no probability; leave out output_is_probability"
                      : "The model is damaged or was trained to nonsense; export it again");
  }
  return std::clamp(p, 0.0, 1.0);
}

double Classifier::Margin(std::span<const float> values) const {
  const auto fake = static_cast<size_t>(metadata_.fake_class);
  if (metadata_.output_is_probability) {
    constexpr double kLeast = 1e-15;
    const double p = std::clamp(Probability(values), kLeast, 1 - kLeast);
    return std::log(p / (1 - p));
  }
  if (values.size() == 1) return fake == 1 ? values[0] : -values[0];
  double largest = -std::numeric_limits<double>::infinity(), sum = 0;
  for (size_t i = 0; i < values.size(); ++i) {
    if (i != fake) largest = std::max<double>(largest, values[i]);
  }
  for (size_t i = 0; i < values.size(); ++i) {
    if (i != fake) sum += std::exp(values[i] - largest);
  }
  return values[fake] - largest - std::log(sum);
}

std::vector<double> Classifier::Run() {
  margins_.clear();
  distances_.clear();
  embeddings_ = {};
  if (waiting_ == 0) return {};
  const size_t image = input_.size() / static_cast<size_t>(batch_);
  const auto count = static_cast<size_t>(waiting_);
  const size_t given = fixed_batch_ ? static_cast<size_t>(batch_) : count;
  if (count < given) {
    std::fill(input_.begin() + static_cast<std::ptrdiff_t>(count * image), input_.end(), 0.0f);
  }
  const auto& views =
      session_.Run({input_.data(), given * image},
                   {static_cast<int64_t>(given), 3, metadata_.input_height, metadata_.input_width});
  waiting_ = 0;
  const std::span<const float> values = views[output_].values;
  const size_t width = values.size() / given;
  const size_t classes = metadata_.class_names.size();
  if (values.size() != given * width || (width != classes && !(width == 1 && classes == 2))) {
    throw Error(path_.string() + ": gave " + std::to_string(values.size()) + " values for " +
                    std::to_string(given) + " faces and " + std::to_string(classes) + " classes",
                "Correct class_names in the JSON file given with --model-info");
  }
  if (has_embedding()) {
    const std::span<const float> rows = views[static_cast<size_t>(embedding_output_)].values;
    embedding_size_ = rows.size() / given;
    embeddings_ = rows.first(count * embedding_size_);
  }
  std::vector<double> scores;
  for (size_t i = 0; i < count; ++i) {
    scores.push_back(Probability(values.subspan(i * width, width)));
    margins_.push_back(Margin(values.subspan(i * width, width)));
    distances_.push_back(has_embedding() ? EmbeddingDistance(metadata_, EmbeddingOf(i)) : 0);
  }
  return scores;
}

std::vector<double> Classifier::Classify(std::span<const Image> crops) {
  std::vector<double> scores;
  const auto run = [&] {
    for (const double score : Run()) scores.push_back(score);
  };
  for (const Image& crop : crops) {
    Add(crop);
    if (waiting_ == batch_) run();
  }
  run();
  return scores;
}

fs::path DefaultModel() {
  try {
    return FindAsset(kDefaultModel);
  } catch (const Error& e) {
    throw Error("there is no default model: " + e.problem(),
                "Fetch the models folder of the project, train one with `unmask train`, or name a "
                "model with --model FILE");
  }
}

}  // namespace unmask
