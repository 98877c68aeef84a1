#pragma once

#include <array>
#include <cstdint>
#include <vector>

#include "unmask/media/image.h"

namespace unmask {

// Pixels of the upright frame; pixel centres are at (x + 0.5, y + 0.5).
struct Point {
  float x = 0;
  float y = 0;
};

struct Box {
  float x0 = 0;  // left
  float y0 = 0;  // top
  float x1 = 0;  // right
  float y1 = 0;  // bottom

  float width() const { return x1 - x0; }
  float height() const { return y1 - y0; }
};

// Intersection over union, 0 … 1; 0 for empty boxes.
double IntersectionOverUnion(const Box& a, const Box& b);

// x' = a·x − b·y + tx, y' = b·x + a·y + ty.
struct Similarity {
  double a = 1;
  double b = 0;
  double tx = 0;
  double ty = 0;

  Point operator()(Point p) const;
  Similarity Inverse() const;
  double scale() const;
};

// Eye centres, nose tip, mouth corners; "left" is the image's left (the person's right).
using FivePoints = std::array<Point, 5>;

inline constexpr int kMeshSize = 468;

// One face in one frame.
struct Face {
  int64_t frame = 0;        // index in the video
  double time = 0;          // seconds
  Box box;                  // around the landmarks
  float confidence = 0;     // of the detector, where it was detected last, 0 … 1
  float presence = 0;       // that the landmarks lie on a face, 0 … 1
  float blur = 0;           // sharpness of the aligned crop, see BlurMeasure(); 0 without a crop
  FivePoints points{};      // for alignment
  std::vector<Point> mesh;  // kMeshSize landmarks of the face mesh
};

// A face with its aligned crop.
struct AlignedFace {
  Face face;
  Image crop;
  Similarity crop_from_frame;
};

}  // namespace unmask
