#include "unmask/backbones/registry.h"

#include "unmask/backbones/builds.h"
#include "unmask/base/text.h"

namespace unmask {
namespace {

constexpr std::array<float, 3> kHalf = {0.5f, 0.5f, 0.5f};

constexpr Backbone kBackbones[] = {
    {"efficientnet_lite0", "small and quick, 3.4 million parameters, 224 × 224 (default)",
     "tf_efficientnet_lite0", "classifier", 224, kHalf, kHalf, BuildEfficientNetLite0},
    {"xception", "the study's network, 20.8 million parameters, 299 × 299", "legacy_xception", "fc",
     299, kHalf, kHalf, BuildXception},
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

Graph BuildClassifier(const Backbone& backbone, int64_t input_size, int64_t classes, double dropout,
                      double drop_path) {
  Graph trunk = backbone.build(input_size, dropout, drop_path);
  const int embedding = trunk.outputs.at("embedding");
  GraphBuilder builder(std::move(trunk));
  const int logits = builder.AddNode(Linear{.out_features = classes}, {embedding},
                                     std::string(backbone.classifier_name));
  builder.SetOutput("logits", logits);
  return std::move(builder).Build();
}

}  // namespace unmask
