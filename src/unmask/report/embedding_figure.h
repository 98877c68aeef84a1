#pragma once

#include "unmask/explain/embedding_maps.h"
#include "unmask/report/plot.h"

namespace unmask {

// A panel for every map of the table, those of one kind of features above each other, t-SNE over
// PCA, at most `columns` side by side; of one kind alone, beside each other. A mark for every face,
// of a shape and a colour for its class: real ones first, each kind by name. Units are equally long
// both ways. Throws Error where there is no map.
Figure EmbeddingFigure(const EmbeddingTable& table, int columns = 3);

}  // namespace unmask
