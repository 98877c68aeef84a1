#pragma once

#include <filesystem>

#include "unmask/train/first_weights.h"

namespace unmask {

// Makes one network of the backbone efficientnet_lite0_branches out of two models that were trained
// one by one with the loss softmax: `general`, of efficientnet_lite0_early, and `specific`, of
// efficientnet_lite0, whose first stages are the same. With g and s, the logarithms of P(fake) /
// P(real) that the two give before calibration, that of the network is
//
//   g + weight · max(0, s − t)
//
// where t is where `specific` decides, so that what it says of nearly all real faces counts nothing
// and all that it adds is evidence of manipulation. Its norms need statistics. Throws Error naming
// the file that is not such a model, and when the first stages of the two differ.
FirstWeights JoinBranches(const std::filesystem::path& general,
                          const std::filesystem::path& specific, double weight);

}  // namespace unmask
