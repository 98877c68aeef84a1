#pragma once

#include <filesystem>
#include <functional>
#include <optional>
#include <utility>

#include "unmask/base/cancel.h"
#include "unmask/explain/explain_file.h"

namespace unmask {

// Where a track's map lies in a frame: between two faces that were judged, the maps and their
// places in relation to the box are mixed evenly, and the box is that of PlaceAt().
struct PlacedMap {
  HeatMap map;
  Similarity crop_from_frame;
};

// Of the track with this index; nothing where its face is not seen.
std::optional<PlacedMap> MapAt(const FileExplanation& explanation, size_t track, int64_t frame,
                               double time);

// Writes the file again with every track's map on its face, and boxes and scores as DrawVerdict()
// draws them; to a video or, where the file is a picture, to a picture. Sound and frame times stay.
// The output appears whole or not at all.
void DrawExplanation(const FileExplanation& explanation, const std::filesystem::path& output,
                     const CancelToken* cancel = nullptr,
                     const std::function<void(double)>& progress = nullptr);

}  // namespace unmask
