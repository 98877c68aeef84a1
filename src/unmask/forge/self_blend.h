#pragma once

#include <span>

#include "unmask/base/random.h"
#include "unmask/face/face.h"
#include "unmask/media/image.h"

namespace unmask {

// Self-blended images (Shiohara and Yamasaki, CVPR 2022): a face is blended with a slightly changed
// copy of itself, which leaves the traces of blending and nothing else.
struct SelfBlendOptions {
  double max_translate_x = 0.03;  // of the face's width, to either side
  double max_translate_y = 0.015;
  double min_scale = 0.95;  // scale is drawn from [min_scale, 1 / min_scale]
  // Whether the change of colour or sharpness may fall on the target (what lies around the face)
  // instead of the source. Without it the fake equals `crop` outside the mask.
  bool change_target = true;
};

struct RealAndFake {
  Image real;  // the (possibly changed) target
  Image fake;  // source blended onto it
};

// `mesh`: kMeshSize landmarks in pixels of `crop`. The same random state gives the same pair.
RealAndFake SelfBlend(const Image& crop, std::span<const Point> mesh,
                      const SelfBlendOptions& options, Random& random);

}  // namespace unmask
