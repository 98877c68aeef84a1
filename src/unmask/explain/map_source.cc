#include "unmask/explain/map_source.h"

#include "unmask/base/error.h"
#include "unmask/explain/layer_maps.h"
#include "unmask/model/model_head.h"

namespace unmask {
namespace {

// In closed form from the model's own output of features.
class FeatureMaps : public MapSource {
 public:
  FeatureMaps(const Classifier& classifier, const MapOptions& options)
      : method_(options.method),
        score_{options.target, classifier.metadata().fake_class},
        head_(ReadModelHead(classifier.path(), "features", classifier.output_name())) {}

  std::vector<HeatMap> Maps(const Classifier& classifier,
                            std::span<const Image* const> crops) override {
    const TensorView& features = classifier.output("features");
    if (features.shape.size() != 4 || features.shape[1] != head_.channels ||
        features.shape[0] < static_cast<int64_t>(crops.size())) {
      throw Error(classifier.path().string() + ": its output 'features' is no map of " +
                      std::to_string(head_.channels) + " channels",
                  "Export the model with its last feature map as the output 'features'");
    }
    const size_t size = features.values.size() / static_cast<size_t>(features.shape[0]);
    std::vector<HeatMap> maps;
    for (size_t i = 0; i < crops.size(); ++i) {
      maps.push_back(ExplainFeatures(features.values.subspan(i * size, size),
                                     static_cast<int>(features.shape[2]),
                                     static_cast<int>(features.shape[3]), head_, score_, method_)
                         .map);
    }
    return maps;
  }

 private:
  const CamMethod method_;
  const ExplainedScore score_;
  const ModelHead head_;
};

}  // namespace

std::unique_ptr<MapSource> MakeMapSource(const Classifier& classifier, const MapOptions& options) {
  if (options.layer.empty()) return std::make_unique<FeatureMaps>(classifier, options);
  return std::make_unique<LayerMaps>(classifier, options);
}

}  // namespace unmask
