#pragma once

#include <string>
#include <vector>

#include "unmask/explain/grad_cam.h"
#include "unmask/face/face.h"
#include "unmask/media/image.h"

namespace unmask {

// Heat maps as pictures. The colours are those of viridis, which are perceptually uniform and can
// be told apart by the colour-blind: nothing where the map is 0, then blue, green and yellow, ever
// less transparent. `scale`: the value of a map that is drawn as 1; where it is 0 nothing is drawn.

// The map over the crop that it explains, whatever the size of the crop.
Image DrawMapOn(const Image& crop, const HeatMap& map, double scale);

// The same in a frame, where the crop came from: pixels of a crop of `crop_size` are those that
// `crop_from_frame` gives.
void DrawMapOnFrame(Image& frame, const HeatMap& map, const Similarity& crop_from_frame,
                    int crop_size, double scale);

// Crop, crop with the map, each `size` pixels wide, and a bar of the colours with its ends
// labelled; a title above, a line about the colours below. Text is printed in ASCII, other
// characters as '?', and cut to fit.
Image DrawExplainedCrop(const Image& crop, const HeatMap& map, double scale,
                        const std::string& title, const std::string& footer, int size);

// Faces under several models, a row each face, a column each model; in front the bare faces.
struct MapGrid {
  struct Cell {
    Image crop;  // as the model judged it
    HeatMap map;
    double score = 0;  // P(fake), printed below
  };
  std::vector<std::string> models;      // above the columns
  std::vector<std::string> faces;       // beside the rows
  std::vector<std::vector<Cell>> rows;  // faces.size() rows of models.size() cells
};

// Every cell has its own scale, its largest value: the logits of different models cannot be
// compared, only where their evidence lies. Long names are cut. Throws Error when
// the numbers do not fit.
Image DrawMapGrid(const MapGrid& grid, int cell_size = 224);

}  // namespace unmask
