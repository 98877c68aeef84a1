#pragma once

#include <filesystem>
#include <memory>
#include <span>
#include <vector>

#include "unmask/detect/classifier.h"
#include "unmask/explain/map_source.h"

namespace unmask {

struct CropExplanation {
  double score = 0;   // P(fake)
  double margin = 0;  // log odds of fake before calibration
  HeatMap map;
};

// A model as a function from aligned crops to scores and the maps that explain them, for those who
// have crops already.
class CropExplainer {
 public:
  // Throws Error as Classifier and MakeMapSource() do.
  explicit CropExplainer(const std::filesystem::path& model, const MapOptions& options = {},
                         const ClassifierOptions& classifier_options = {});

  // Of crops as classifier().alignment() wants them, in order.
  std::vector<CropExplanation> Explain(std::span<const Image> crops);

  Classifier& classifier() { return classifier_; }

 private:
  Classifier classifier_;
  std::unique_ptr<MapSource> maps_;
};

}  // namespace unmask
