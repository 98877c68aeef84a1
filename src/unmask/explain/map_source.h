#pragma once

#include <filesystem>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "unmask/detect/classifier.h"
#include "unmask/explain/grad_cam.h"
#include "unmask/media/image.h"

namespace unmask {

struct MapOptions {
  CamMethod method = CamMethod::kGradCam;
  ExplainedTarget target = ExplainedTarget::kMargin;
  // A layer of the backbone, "blocks.3.2"; empty: the last feature map. Maps of other layers need
  // automatic differentiation, for which `training_program` (unmask-train) is run.
  std::string layer;
  std::filesystem::path training_program;
};

// Makes the maps of the crops that a classifier has just judged. One thread at a time.
class MapSource {
 public:
  virtual ~MapSource() = default;

  // One map for each of `crops`, which are those of the last Run() of the classifier, in order.
  virtual std::vector<HeatMap> Maps(const Classifier& classifier,
                                    std::span<const Image* const> crops) = 0;
};

// For the model of `classifier`. Throws Error when the model does not give what is needed, as
// ReadModelHead() does, and naming the layers that there are when `layer` is none of them.
std::unique_ptr<MapSource> MakeMapSource(const Classifier& classifier, const MapOptions& options);

}  // namespace unmask
