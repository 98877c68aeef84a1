#include "unmask/backbones/registry.h"

#include "unmask/backbones/builds.h"
#include "unmask/base/text.h"

namespace unmask {
namespace {

constexpr std::array<float, 3> kHalf = {0.5f, 0.5f, 0.5f};
// The mean and deviation of ImageNet's pixels.
constexpr std::array<float, 3> kMean = {0.485f, 0.456f, 0.406f};
constexpr std::array<float, 3> kDeviation = {0.229f, 0.224f, 0.225f};

constexpr Backbone kBackbones[] = {
    {"efficientnet_lite0", "small and quick, 3.4 million parameters, 224 × 224 (default)",
     "tf_efficientnet_lite0", "classifier", 224, kHalf, kHalf, BuildEfficientNetLite0},
    {kGeneralBackbone,
     "its first five stages: textures more than faces, 0.7 million parameters, 224 × 224",
     "tf_efficientnet_lite0", "classifier", 224, kHalf, kHalf, BuildEfficientNetLite0Early,
     "efficientnet_lite0"},
    {kBranchesBackbone,
     "the two above as one, 4.1 million parameters, 224 × 224; the default model's", "",
     "classifier", 224, kHalf, kHalf, BuildEfficientNetLite0Branches, "efficientnet_lite0"},
    {"xception", "the study's network, 20.8 million parameters, 299 × 299", "legacy_xception", "fc",
     299, kHalf, kHalf, BuildXception},
    {"efficientnet_b0", "Lite0 with squeeze-and-excitation, 4.0 million parameters, 224 × 224",
     "tf_efficientnet_b0", "classifier", 224, kMean, kDeviation, BuildEfficientNetB0},
    {"efficientnet_b4", "large and slow, 17.5 million parameters, 380 × 380", "tf_efficientnet_b4",
     "classifier", 380, kMean, kDeviation, BuildEfficientNetB4},
    {"mobilenet_v3_large", "the quickest, 4.2 million parameters, 224 × 224",
     "mobilenetv3_large_100", "classifier", 224, kMean, kDeviation, BuildMobileNetV3Large},
    {"resnet18", "plain and quick, 11.2 million parameters, 224 × 224", "resnet18", "fc", 224,
     kMean, kDeviation, BuildResNet18},
    {"resnet50", "the common baseline, 23.5 million parameters, 224 × 224", "resnet50", "fc", 224,
     kMean, kDeviation, BuildResNet50},
};

}  // namespace

std::span<const Backbone> Backbones() { return kBackbones; }

const Backbone& FindBackbone(std::string_view name) {
  std::vector<std::string> known;
  for (const Backbone& backbone : kBackbones) {
    if (backbone.name == name) return backbone;
    known.emplace_back(backbone.name);
  }
  ThrowUnknownName("backbone", name, known);
}

std::string HeadInput(const Graph& graph) {
  return graph.outputs.contains("evidence") ? "evidence" : "embedding";
}

Graph BuildClassifier(const Backbone& backbone, int64_t input_size, int64_t classes, double dropout,
                      double drop_path) {
  Graph trunk = backbone.build(input_size, dropout, drop_path);
  const int input = trunk.outputs.at(HeadInput(trunk));
  GraphBuilder builder(std::move(trunk));
  const int logits = builder.AddNode(Linear{.out_features = classes}, {input},
                                     std::string(backbone.classifier_name));
  builder.SetOutput("logits", logits);
  return std::move(builder).Build();
}

}  // namespace unmask
