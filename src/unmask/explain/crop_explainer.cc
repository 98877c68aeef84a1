#include "unmask/explain/crop_explainer.h"

#include <utility>

namespace unmask {

CropExplainer::CropExplainer(const std::filesystem::path& model, const MapOptions& options,
                             const ClassifierOptions& classifier_options)
    : classifier_(model, classifier_options), maps_(MakeMapSource(classifier_, options)) {}

std::vector<CropExplanation> CropExplainer::Explain(std::span<const Image> crops) {
  std::vector<CropExplanation> explanations;
  std::vector<const Image*> waiting;
  const auto run = [&] {
    if (waiting.empty()) return;
    const std::vector<double> scores = classifier_.Run();
    std::vector<HeatMap> maps = maps_->Maps(classifier_, waiting);
    for (size_t i = 0; i < scores.size(); ++i) {
      explanations.push_back({scores[i], classifier_.margins()[i], std::move(maps[i])});
    }
    waiting.clear();
  };
  for (const Image& crop : crops) {
    classifier_.Add(crop);
    waiting.push_back(&crop);
    if (classifier_.waiting() == classifier_.batch()) run();
  }
  run();
  return explanations;
}

}  // namespace unmask
