#pragma once

#include <string>

#include "unmask/robustness/condition.h"

namespace unmask {

// What the table of conditions points at; grouped in files by what they touch.

// encoding_conditions.cc
FrameSequence CompressWithX264(const Excerpt&, double crf, uint64_t seed);
FrameSequence CompressWithJpeg(const Excerpt&, double quality, uint64_t seed);
FrameSequence ShareOnNetworks(const Excerpt&, double uploads, uint64_t seed);

// picture_conditions.cc
FrameSequence ScaleFaceTo(const Excerpt&, double pixels, uint64_t seed);
std::string FaceIsSmaller(const Excerpt&, double pixels);
FrameSequence BlurFrames(const Excerpt&, double percent_of_face, uint64_t seed);
FrameSequence AddNoiseToFrames(const Excerpt&, double grey_levels, uint64_t seed);
FrameSequence ChangeBrightness(const Excerpt&, double factor, uint64_t seed);
FrameSequence ReduceFrameRate(const Excerpt&, double frames_per_second, uint64_t seed);
std::string HasNoMoreFrames(const Excerpt&, double frames_per_second);

// screen_condition.cc
FrameSequence FilmFromScreen(const Excerpt&, double depth_percent, uint64_t seed);

// face_conditions.cc
FrameSequence SmoothSkin(const Excerpt&, double percent, uint64_t seed);
FrameSequence PutOnGlasses(const Excerpt&, double kind, uint64_t seed);
FrameSequence CoverFace(const Excerpt&, double percent_of_face, uint64_t seed);

}  // namespace unmask
