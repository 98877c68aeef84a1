#pragma once

#include <span>

#include "unmask/face/face.h"
#include "unmask/media/frame.h"

namespace unmask {

struct AlignmentOptions {
  int size = 224;      // pixels, square crop
  double scale = 1.3;  // 1: the five-point template fills the crop as in face recognition (ArcFace)
};

// A point and where it is to come to lie.
struct Correspondence {
  double from_x = 0, from_y = 0;
  double to_x = 0, to_y = 0;
};

// The least-squares similarity transform (Umeyama 1991, without reflection). Points that coincide
// have no orientation: plain shift.
Similarity FitSimilarity(std::span<const Correspondence> points);

// FitSimilarity() of the five points to the template at the given size and scale.
Similarity CropFromFrame(const FivePoints& points, const AlignmentOptions& options);

// Where the face is larger than the crop, what becomes one of its pixels is sampled in steps of at
// most a pixel of the frame; or of one and a half, in a third to half of the time, for those who
// look for shapes alone.
enum class Antialiasing { kFull, kLight };

// One warp from the original pixels. Beyond its edges the frame goes on in their colours: black
// there would be an edge of its own, and tell photos that are cut close from others.
Image WarpCrop(const Frame& frame, const Similarity& crop_from_frame, int size,
               Antialiasing antialiasing = Antialiasing::kFull);
Image WarpCrop(const Image& frame, const Similarity& crop_from_frame, int size);

// The part of the frame that the crop of a face will show whose `points` are known roughly; may be
// empty. See Frame::Foresee().
PixelRectangle ExpectedPart(const Frame& frame, const FivePoints& points,
                            const AlignmentOptions& options);

// Aligns `face`, computes its blur measure.
AlignedFace Align(const Frame& frame, Face face, const AlignmentOptions& options);
AlignedFace Align(const Image& frame, Face face, const AlignmentOptions& options);

// Variance of the Laplacian of the grey crop; low means blurred.
float BlurMeasure(const Image& crop);

}  // namespace unmask
