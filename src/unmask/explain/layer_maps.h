#pragma once

#include <filesystem>
#include <memory>

#include "unmask/explain/map_source.h"

namespace unmask {

// Maps of any layer of the backbone of a model that `unmask train` wrote, by automatic
// differentiation in the training program, which runs beside this one for as long as the object
// lives.
class LayerMaps : public MapSource {
 public:
  // Throws Error with what the training program says: no such layer (the layers are named), a model
  // that was not trained here; and when it cannot be run.
  LayerMaps(const Classifier& classifier, const MapOptions& options);
  ~LayerMaps() override;

  std::vector<HeatMap> Maps(const Classifier& classifier,
                            std::span<const Image* const> crops) override;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace unmask
