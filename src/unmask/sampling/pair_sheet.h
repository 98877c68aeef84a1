#pragma once

#include "unmask/media/image.h"
#include "unmask/sampling/pair_source.h"

namespace unmask {

// A picture of the first pairs of a stream: `columns` × `rows` pairs, each the real face beside the
// fake one, as the network will see them; above them what forged it.
Image PairSheet(const PairSource& source, int columns = 6, int rows = 6);

}  // namespace unmask
