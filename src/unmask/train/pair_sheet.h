#pragma once

#include "unmask/media/image.h"
#include "unmask/train/options.h"

namespace unmask {

// A picture of the first pairs of the training stream: `columns` × `rows` pairs, each the real face
// beside the fake one, as the network will see them.
Image PairSheet(const TrainOptions& options, int columns = 6, int rows = 6);

}  // namespace unmask
