#include <algorithm>
#include <cmath>

#include "unmask/base/random.h"
#include "unmask/base/text.h"
#include "unmask/media/scale.h"
#include "unmask/robustness/makers.h"
#include "unmask/sampling/degrade.h"

namespace unmask {

FrameSequence ScaleFaceTo(const Excerpt& excerpt, double pixels, uint64_t /*seed*/) {
  FrameSequence frames = excerpt.frames;
  const double factor = pixels / excerpt.face_size;
  for (Image& image : frames.images) {
    image = Scaled(image, std::max(2, static_cast<int>(std::lround(image.width * factor))),
                   std::max(2, static_cast<int>(std::lround(image.height * factor))));
  }
  return frames;
}

std::string FaceIsSmaller(const Excerpt& excerpt, double pixels) {
  return excerpt.face_size < pixels ? "its face is smaller" : "";
}

FrameSequence BlurFrames(const Excerpt& excerpt, double percent_of_face, uint64_t /*seed*/) {
  FrameSequence frames = excerpt.frames;
  for (Image& image : frames.images) Blur(image, percent_of_face / 100 * excerpt.face_size);
  return frames;
}

FrameSequence AddNoiseToFrames(const Excerpt& excerpt, double grey_levels, uint64_t seed) {
  FrameSequence frames = excerpt.frames;
  for (size_t i = 0; i < frames.images.size(); ++i) {
    AddNoise(frames.images[i], grey_levels, DeriveSeed(seed, "noise", i));
  }
  return frames;
}

FrameSequence ChangeBrightness(const Excerpt& excerpt, double factor, uint64_t /*seed*/) {
  FrameSequence frames = excerpt.frames;
  for (Image& image : frames.images) ChangeTone(image, {.contrast = factor});
  return frames;
}

FrameSequence ReduceFrameRate(const Excerpt& excerpt, double frames_per_second, uint64_t /*seed*/) {
  FrameSequence reduced;
  reduced.frames_per_second = frames_per_second;
  double next = 0;
  for (size_t i = 0; i < excerpt.frames.images.size(); ++i) {
    const double time = excerpt.frames.times[i];
    if (time < next - 1e-6) continue;
    reduced.images.push_back(excerpt.frames.images[i]);
    reduced.times.push_back(time);
    // The grid stays where it is, whatever frame came a little late.
    while (next <= time + 1e-6) next += 1 / frames_per_second;
  }
  return reduced;
}

std::string HasNoMoreFrames(const Excerpt& excerpt, double frames_per_second) {
  if (excerpt.frames.is_picture) return "a picture has no frame rate";
  return excerpt.frames.frames_per_second <= frames_per_second ? "it has no more frames a second"
                                                               : "";
}

}  // namespace unmask
