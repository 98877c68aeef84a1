#include <cstdio>

#include "unmask/base/text.h"
#include "unmask/robustness/makers.h"

namespace unmask {

std::span<const Condition> Conditions() {
  static const std::vector<Condition> table = {
      {.name = "crf",
       .title = "x264 compression",
       .axis = "CRF",
       .summary = "encoded by x264, preset medium, at a constant rate factor",
       .levels = {18, 23, 28, 33, 40, 45},
       .apply = CompressWithX264},
      {.name = "jpeg",
       .title = "JPEG compression",
       .axis = "JPEG quality",
       .summary = "every frame through JPEG of a quality",
       .levels = {95, 80, 60, 40, 20},
       .apply = CompressWithJpeg},
      {.name = "face-size",
       .title = "Down-scaling",
       .axis = "size of the face, pixels",
       .summary = "scaled down until the face has a size in pixels; smaller faces are left out",
       .levels = {300, 200, 150, 100, 80, 60, 40},
       .apply = ScaleFaceTo,
       .obstacle = FaceIsSmaller},
      {.name = "blur",
       .title = "Blur",
       .axis = "standard deviation, percent of the face",
       .summary = "Gaussian blur in proportion to the face",
       .levels = {0.5, 1, 1.5, 2, 3},
       .apply = BlurFrames},
      {.name = "noise",
       .title = "Noise",
       .axis = "standard deviation, grey levels",
       .summary = "Gaussian noise, new in every frame",
       .levels = {2, 5, 10, 20, 30},
       .apply = AddNoiseToFrames},
      {.name = "dark",
       .title = "Too dark",
       .axis = "factor of the pixel values",
       .summary = "pixel values multiplied by a factor below 1",
       .levels = {0.8, 0.6, 0.4, 0.2},
       .apply = ChangeBrightness},
      {.name = "bright",
       .title = "Too bright",
       .axis = "factor of the pixel values",
       .summary = "pixel values multiplied by a factor above 1 and cut off at white",
       .levels = {1.25, 1.5, 1.75, 2.25},
       .apply = ChangeBrightness},
      {.name = "screen",
       .title = "Filmed from a screen",
       .axis = "depth of the screen's grid, percent",
       .summary = "a screen's grid seen by a camera: moire, gamma, lifted black, slight turn",
       .levels = {2, 4, 8, 12},
       .apply = FilmFromScreen},
      {.name = "social",
       .title = "Social networks",
       .axis = "uploads one after another",
       .summary = "scaled down and compressed anew at each upload",
       .levels = {1, 2, 3},
       .apply = ShareOnNetworks},
      {.name = "frame-rate",
       .title = "Frame rate",
       .axis = "frames a second",
       .summary = "frames left out; pictures and slower videos are left out",
       .levels = {15, 10, 5, 2},
       .apply = ReduceFrameRate,
       .obstacle = HasNoMoreFrames},
      {.name = "beauty",
       .title = "Beauty filter",
       .axis = "share of smoothed skin, percent",
       .summary = "skin smoothed between eyes, lips and outline; no deepfake",
       .levels = {25, 50, 75, 100},
       .apply = SmoothSkin},
      {.name = "glasses",
       .title = "Glasses",
       .axis = "1 thin rims, 2 thick rims, 3 sunglasses",
       .summary = "glasses drawn on every face",
       .levels = {1, 2, 3},
       .apply = PutOnGlasses},
      {.name = "occlusion",
       .title = "Occlusion",
       .axis = "size of what covers, percent of the face",
       .summary = "an oval before the lower face, as a microphone or a hand",
       .levels = {10, 20, 30, 50},
       .apply = CoverFace},
      {.name = "profile",
       .title = "Profile views",
       .axis = "turn of the head, degrees, from",
       .summary = "undisturbed faces by the turn of the head: from a level to the next",
       .levels = {0, 15, 30, 45},
       .kind = ConditionKind::kHeadTurn},
      {.name = "several",
       .title = "One forged face among several",
       .axis = "faces in the frame",
       .summary = "a fake beside real files in one frame; decisions person by person",
       .levels = {2, 3, 4},
       .kind = ConditionKind::kSeveralFaces},
  };
  return table;
}

std::string LevelText(double level) {
  char text[32];
  std::snprintf(text, sizeof(text), "%g", level);
  return text;
}

const Condition& FindCondition(std::string_view name) {
  std::vector<std::string> known;
  for (const Condition& condition : Conditions()) {
    if (condition.name == name) return condition;
    known.emplace_back(condition.name);
  }
  ThrowUnknownName("condition", name, known);
}

}  // namespace unmask
