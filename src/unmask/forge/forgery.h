#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "unmask/base/random.h"
#include "unmask/face/face.h"
#include "unmask/media/image.h"

namespace unmask {

// An aligned face.
struct FaceCrop {
  Image image;
  std::vector<Point> mesh;  // kMeshSize landmarks in pixels of the image; may lie partly outside
};

struct RealAndFake {
  Image real;  // the face; changed where that keeps a change alone from telling the fake
  Image fake;
};

// What a forgery is made of.
struct ForgeryInput {
  const FaceCrop& face;  // real
  // Whether the real half may be changed too, and the fake outside of the face. Without it the real
  // half is the face as it is, and the fake equals it around the face.
  bool change_target = true;
  // A face of another person, alike in pose and shape, its crop of the same size; empty where there
  // is none.
  std::function<FaceCrop(Random&)> other_face;
  // Scales the manipulation, 0 … 1. With 0 both halves are equal, byte for byte: whatever then
  // tells them apart is no trace of manipulation.
  double strength = 1;
};

// A way to make a pseudo-fake of an aligned real face. The same input and random state give the
// same pair.
struct Forgery {
  std::string_view name;     // "self-blend"
  std::string_view summary;  // one line for --help
  bool needs_other_face;     // throws Error without
  RealAndFake (*forge)(const ForgeryInput& input, Random& random);
  // What it needs besides faces, as a text that changes when that does. Throws Error with the
  // remedy where it is missing. Null: nothing.
  std::string (*means)() = nullptr;
};

}  // namespace unmask
