#include <gmock/gmock.h>

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>
#include <numeric>
#include <opencv2/imgproc.hpp>
#include <set>

#include "unmask/backbones/registry.h"
#include "unmask/base/error.h"
#include "unmask/base/json.h"
#include "unmask/base/temporary_folder.h"
#include "unmask/infer/session.h"
#include "unmask/media/opencv_view.h"
#include "unmask/media/picture.h"
#include "unmask/model/model_file.h"
#include "unmask/model/weights.h"

namespace unmask {

// GoogleTest shows a row of the table by its name.
void PrintTo(const Backbone& backbone, std::ostream* out) { *out << backbone.name; }

namespace {

// The formulas of scripts/make_backbone_references.py.
std::vector<double> Noise(int seed, size_t count) {
  std::vector<double> values(count);
  for (size_t i = 0; i < count; ++i) {
    const double x = std::sin(static_cast<double>(i + 1) * 12.9898 + seed * 78.233) * 43758.5453;
    values[i] = 2 * (x - std::floor(x)) - 1;
  }
  return values;
}

int SeedOf(const std::string& name) {
  int sum = 0;
  for (size_t i = 0; i < name.size(); ++i) sum += static_cast<int>(i + 1) * name[i];
  return sum % 1000;
}

WeightTensor Fill(const std::string& name, const Shape& shape) {
  const int64_t count =
      std::accumulate(shape.begin(), shape.end(), int64_t{1}, std::multiplies<int64_t>());
  const bool depthwise = shape.size() == 4 && shape[1] == 1;
  WeightTensor tensor{shape, {}};
  for (const double noise : Noise(SeedOf(name), static_cast<size_t>(count))) {
    double value = 0.1 * noise;
    if (shape.size() > 1) {
      value = noise * std::sqrt((depthwise ? 3.0 : 6.0) / static_cast<double>(count / shape[0]));
    } else if (name.ends_with("running_var")) {
      value = 1 + 0.3 * noise;
    } else if (name.ends_with("weight")) {
      value = 1 + 0.2 * noise;
    }
    tensor.values.push_back(static_cast<float>(value));
  }
  return tensor;
}

// The rows that timm has, too: a new backbone needs nothing but its reference file.
std::vector<Backbone> BackbonesOfTimm() {
  std::vector<Backbone> rows;
  for (const Backbone& backbone : Backbones()) {
    if (!backbone.timm_name.empty()) rows.push_back(backbone);
  }
  return rows;
}

class BackboneTest : public testing::TestWithParam<Backbone> {
 protected:
  Json Reference() const {
    return ReadJson(std::string(UNMASK_SOURCE_DIR) + "/src/unmask/backbones/testdata/" +
                    std::string(GetParam().name) + ".json");
  }
};

TEST_P(BackboneTest, NamesAndShapesAreTimms) {
  const Json reference = Reference();
  EXPECT_EQ(reference["timm_name"], GetParam().timm_name);
  EXPECT_EQ(reference["input_size"], GetParam().input_size);
  const Graph graph =
      BuildClassifier(GetParam(), GetParam().input_size, reference["classes"].get<int64_t>());
  std::map<std::string, Shape> ours, theirs;
  for (const Parameter& p : graph.Parameters()) ours[p.name] = p.shape;
  for (const Json& p : reference["parameters"]) theirs[p[0]] = p[1].get<Shape>();
  EXPECT_EQ(ours, theirs);
  EXPECT_EQ(graph.output("features").shape, reference["features_shape"].get<Shape>());
}

TEST_P(BackboneTest, OutputsAreTimms) {
  const Json reference = Reference();
  const int64_t size = GetParam().input_size;
  const Graph graph = BuildClassifier(GetParam(), size, reference["classes"].get<int64_t>(),
                                      /*dropout=*/0.2, /*drop_path=*/0.2);
  Weights weights;
  for (const Parameter& p : graph.Parameters()) weights[p.name] = Fill(p.name, p.shape);
  const TemporaryFolder folder;
  WriteModel(folder.path() / "m.onnx", graph, weights, {}, {.half_precision = false});
  Session session(folder.path() / "m.onnx", {.use_cache = false});
  std::vector<float> image;
  for (const double v : Noise(7, static_cast<size_t>(3 * size * size))) {
    image.push_back(static_cast<float>(v));
  }
  session.Run(image, {1, 3, size, size});
  for (const char* name : {"features", "embedding", "logits"}) {
    const auto expected = reference[name].get<std::vector<float>>();
    const auto values = session.output(name).values;
    const size_t step = name == std::string("features") ? values.size() / 16 : 1;
    float largest = 0;
    for (const float v : expected) largest = std::max(largest, std::fabs(v));
    for (size_t i = 0; i < expected.size(); ++i) {
      EXPECT_NEAR(values[i * step], expected[i], 1e-4 * largest) << name << " " << i;
    }
  }
}

TEST_P(BackboneTest, TakesOtherInputSizes) {
  const Graph graph = GetParam().build(160, 0, 0);
  const auto cells = Reference()["features_shape"].get<Shape>()[1];
  const double stride =
      std::exp2(std::round(std::log2(static_cast<double>(GetParam().input_size / cells))));
  EXPECT_EQ(graph.output("features").shape[1], 160 / stride);
  EXPECT_EQ(graph.output("embedding").shape.size(), 1u);
  EXPECT_EQ(FindBackbone(GetParam().name).name, GetParam().name);
}

INSTANTIATE_TEST_SUITE_P(Table, BackboneTest, testing::ValuesIn(BackbonesOfTimm()),
                         [](const auto& row) { return std::string(row.param.name); });

TEST(BackbonesTest, SharedLayersAreThoseWithoutATwin) {
  const Graph graph = FindBackbone(kBranchesBackbone).build(96, 0, 0);
  std::set<std::string> names;
  for (const Parameter& p : graph.Parameters()) names.insert(p.name);
  for (const Parameter& p : FindBackbone(kGeneralBackbone).build(96, 0, 0).Parameters()) {
    const bool shared = !names.contains(std::string(kSpecificBranch) + p.name);
    EXPECT_EQ(shared,
              std::ranges::any_of(
                  kSharedLayers, [&](std::string_view layer) { return p.name.starts_with(layer); }))
        << p.name;
  }
}

// Its two branches are networks that are compared with timm's above.
TEST(BackbonesTest, BranchesComputeWhatTheirNetworksDo) {
  constexpr int64_t kSize = 96;
  std::vector<float> image;
  for (const double v : Noise(7, 3 * kSize * kSize)) image.push_back(static_cast<float>(v));
  const TemporaryFolder folder;
  // Weights go by the name that a parameter has in a single network.
  const auto outputs_of = [&](const char* name) {
    const Graph graph = FindBackbone(name).build(kSize, /*dropout=*/0.2, /*drop_path=*/0.2);
    Weights weights;
    for (const Parameter& p : graph.Parameters()) {
      const size_t prefix = p.name.starts_with(kSpecificBranch) ? kSpecificBranch.size() : 0;
      weights[p.name] = Fill(p.name.substr(prefix), p.shape);
    }
    WriteModel(folder.path() / "m.onnx", graph, weights, {}, {.half_precision = false});
    Session session(folder.path() / "m.onnx", {.use_cache = false});
    session.Run(image, {1, 3, kSize, kSize});
    const auto map = session.output("features").values;
    const auto vector = session.output("embedding").values;
    return std::pair{std::vector<float>(map.begin(), map.end()),
                     std::vector<float>(vector.begin(), vector.end())};
  };
  const auto [early_map, early] = outputs_of("efficientnet_lite0_early");  // 112 × 6 × 6
  const auto [whole_map, whole] = outputs_of("efficientnet_lite0");        // 1280 × 3 × 3
  const auto [map, embedding] = outputs_of("efficientnet_lite0_branches");
  ASSERT_EQ(map.size(), (112u + 1280u) * 36);
  ASSERT_EQ(embedding.size(), 112u + 1280u);
  for (size_t i = 0; i < embedding.size(); ++i) {
    EXPECT_NEAR(embedding[i], i < 112 ? early[i] : whole[i - 112], 1e-4) << i;
  }
  for (size_t i = 0; i < map.size(); ++i) {
    const size_t c = i / 36, y = i / 6 % 6, x = i % 6;
    const float expected = c < 112 ? early_map[i] : whole_map[(c - 112) * 9 + y / 2 * 3 + x / 2];
    ASSERT_NEAR(map[i], expected, 1e-3) << i;
  }
}

TEST(BackbonesTest, UnknownNamesSuggestTheNearest) {
  try {
    FindBackbone("xeption");
    FAIL();
  } catch (const UsageError& e) {
    EXPECT_THAT(e.what(), testing::HasSubstr("'xception'"));
  }
}

TEST(BackbonesTest, ImageNetWeightsOfLite0KnowASuit) {
  const Backbone& backbone = FindBackbone("efficientnet_lite0");
  const Weights weights =
      ReadSafetensors(std::string(UNMASK_DEPS_DIR) + "/weights/efficientnet_lite0.safetensors");
  const Graph graph = BuildClassifier(backbone, 224, 1000);
  CheckWeightsFit(graph, weights);
  const TemporaryFolder folder;
  WriteModel(folder.path() / "m.onnx", graph, weights, {});
  Session session(folder.path() / "m.onnx", {.use_cache = false});
  const Image photo =
      ReadPicture(std::string(UNMASK_DEPS_DIR) + "/samples/suit.jpg");  // a man in a suit
  cv::Mat small;
  cv::resize(ViewOf(photo), small, cv::Size(224, 224), 0, 0, cv::INTER_AREA);
  std::vector<float> image(3 * 224 * 224);
  for (int i = 0; i < 224 * 224; ++i) {
    for (int c = 0; c < 3; ++c) {
      image[c * 224 * 224 + i] = (small.data[3 * i + c] / 255.0f - 0.5f) / 0.5f;
    }
  }
  session.Run(image, {1, 3, 224, 224});
  const auto logits = session.output("logits").values;
  std::vector<int> order(1000);
  std::iota(order.begin(), order.end(), 0);
  std::sort(order.begin(), order.end(), [&](int a, int b) { return logits[a] > logits[b]; });
  order.resize(3);
  // ImageNet's classes 457 bow tie, 834 suit, 906 Windsor tie.
  EXPECT_THAT(order, testing::UnorderedElementsAre(457, 834, 906));
}

}  // namespace
}  // namespace unmask
