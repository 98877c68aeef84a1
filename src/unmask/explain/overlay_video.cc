#include "unmask/explain/overlay_video.h"

#include <algorithm>
#include <cmath>
#include <vector>

#include "unmask/detect/draw.h"
#include "unmask/explain/draw_map.h"

namespace unmask {
namespace {

// A box as the similarity that maps (0, 0) to its centre and (1, 0) its size to the right.
Similarity FrameFromBox(const Box& box) {
  const double size = std::sqrt(std::max(1e-6f, box.width() * box.height()));
  return {size, 0, (box.x0 + box.x1) / 2.0, (box.y0 + box.y1) / 2.0};
}

// First `second`, then `first`.
Similarity Composed(const Similarity& first, const Similarity& second) {
  return {first.a * second.a - first.b * second.b, first.b * second.a + first.a * second.b,
          first.a * second.tx - first.b * second.ty + first.tx,
          first.b * second.tx + first.a * second.ty + first.ty};
}

// From the box of the track at the moment of `face`; that of the face itself is another kind of
// box.
Similarity CropFromBox(const FaceExplanation& face, const FileExplanation& explanation,
                       size_t track) {
  const std::optional<Box> box = PlaceAt(explanation.verdict, explanation.verdict.tracks[track],
                                         face.face.frame, face.face.time);
  return Composed(face.crop_from_frame, FrameFromBox(box.value_or(face.face.box)));
}

Similarity Mixed(const Similarity& from, const Similarity& to, double t) {
  const auto mix = [t](double a, double b) { return a + t * (b - a); };
  return {mix(from.a, to.a), mix(from.b, to.b), mix(from.tx, to.tx), mix(from.ty, to.ty)};
}

HeatMap Mixed(const HeatMap& from, const HeatMap& to, double t) {
  HeatMap mixed = from;
  for (size_t i = 0; i < mixed.values.size(); ++i) {
    mixed.values[i] += static_cast<float>(t) * (to.values[i] - from.values[i]);
  }
  return mixed;
}

}  // namespace

std::optional<PlacedMap> MapAt(const FileExplanation& explanation, size_t track, int64_t frame,
                               double time) {
  const std::vector<FaceExplanation>& faces = explanation.tracks[track].faces;
  const std::optional<Box> box =
      PlaceAt(explanation.verdict, explanation.verdict.tracks[track], frame, time);
  if (!box) return std::nullopt;
  const auto after = std::lower_bound(
      faces.begin(), faces.end(), frame,
      [](const FaceExplanation& f, int64_t wanted) { return f.face.frame < wanted; });
  const FaceExplanation& to = after == faces.end() ? faces.back() : *after;
  const FaceExplanation& from = after == faces.begin() ? to : *(after - 1);
  const double span = to.face.time - from.face.time;
  const double t = span > 0 ? std::clamp((time - from.face.time) / span, 0.0, 1.0) : 1;
  const Similarity crop_from_box =
      Mixed(CropFromBox(from, explanation, track), CropFromBox(to, explanation, track), t);
  return PlacedMap{Mixed(from.map, to.map, t),
                   Composed(crop_from_box, FrameFromBox(*box).Inverse())};
}

void DrawExplanation(const FileExplanation& explanation, const std::filesystem::path& output,
                     const CancelToken* cancel, const std::function<void(double)>& progress) {
  const auto draw = [&](int64_t frame, double time, Image& image) {
    for (size_t track = 0; track < explanation.tracks.size(); ++track) {
      const auto placed = MapAt(explanation, track, frame, time);
      if (!placed) continue;
      DrawMapOnFrame(image, placed->map, placed->crop_from_frame, explanation.crop_size,
                     explanation.scale);
    }
    DrawOnFrame(explanation.verdict, frame, time, image);
  };
  DrawFrames(explanation.verdict.file, output, draw, cancel, progress);
}

}  // namespace unmask
