#pragma once

#include <filesystem>
#include <string>

#include "unmask/model/weights.h"
#include "unmask/train/first_weights.h"

namespace unmask {

// Options of `unmask train` that keep the layers as they are that both branches share.
std::string FreezeSharedLayers();

// Makes one network of the backbone efficientnet_lite0_branches out of two that were trained with
// the loss softmax and whose first stages are the same: `general`, of efficientnet_lite0_early or
// the general branch of such a network, and `specific`, the efficientnet_lite0 of a run. With g and
// s, the logarithms of P(fake) / P(real) that the two give before calibration, that of the network
// is
//
//   g + weight · max(0, s − t)
//
// where t is where `specific` decides, so that what it says of nearly all real faces counts nothing
// and all that it adds is evidence of manipulation. Its norms need statistics. Throws Error naming
// `general` when it is no such model, takes other crops than the run, or differs in the first
// stages.
FirstWeights JoinBranches(const std::filesystem::path& general,
                          const std::filesystem::path& specific, double weight);

// Throws Error unless options.general_weights, where given, is such a model for a run with
// `options`: what can be told before there is a network.
void CheckGeneral(const TrainOptions& options);

// The specific branch of a model that was joined so, as an efficientnet_lite0 with its head, whose
// margin is s − t. Throws Error naming the file when its branches were trained on together.
Weights SpecificBranchOf(const std::filesystem::path& joined);

}  // namespace unmask
