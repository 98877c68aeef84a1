#include "unmask/train/source_options.h"

#include "unmask/base/random.h"

namespace unmask {

PairSource::Options SourceOptions(const TrainOptions& options, const char* split, double strength) {
  return {.split = split,
          .forgery = options.forgery,
          .forgery_strength = options.forgery_strength,
          .sampling = options.sampling,
          .augment = {.strength = strength,
                      .output_size = static_cast<int>(InputSize(options)),
                      .output_scale = options.crop_scale,
                      .levels = options.degradations},
          .seed = DeriveSeed(options.seed, split)};
}

}  // namespace unmask
