#include "unmask/explain/draw_map.h"

#include <gmock/gmock.h>

#include <cmath>

#include "unmask/base/error.h"

namespace unmask {
namespace {

Image Grey(int width, int height) {
  Image image(width, height);
  std::fill(image.data.begin(), image.data.end(), uint8_t{128});
  return image;
}

const uint8_t* At(const Image& image, int x, int y) {
  return image.row(y) + 3 * static_cast<ptrdiff_t>(x);
}

bool IsGrey(const Image& image, int x, int y) {
  const uint8_t* p = At(image, x, y);
  return p[0] == 128 && p[1] == 128 && p[2] == 128;
}

// Viridis ends in yellow.
bool IsYellow(const Image& image, int x, int y) {
  const uint8_t* p = At(image, x, y);
  return p[0] > 180 && p[1] > 180 && p[2] < 90;
}

int YellowPixels(const Image& image, int left, int right) {
  int count = 0;
  for (int y = 0; y < image.height; ++y) {
    for (int x = left; x < right; ++x) count += IsYellow(image, x, y);
  }
  return count;
}

const HeatMap kUpperRight{4, 4, {0, 0, 0, 2, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0}};

TEST(DrawMapOn, ColoursWhatTheMapMarksAndNothingElse) {
  const Image drawn = DrawMapOn(Grey(80, 80), kUpperRight, 2);
  EXPECT_TRUE(IsYellow(drawn, 70, 9));
  EXPECT_TRUE(IsGrey(drawn, 9, 9));
  EXPECT_TRUE(IsGrey(drawn, 70, 70));
}

TEST(DrawMapOn, HalfTheScaleIsNeitherYellowNorNothing) {
  const Image drawn = DrawMapOn(Grey(80, 80), kUpperRight, 4);
  EXPECT_FALSE(IsYellow(drawn, 70, 9));
  EXPECT_FALSE(IsGrey(drawn, 70, 9));
}

TEST(DrawMapOn, AnEmptyMapOrScaleChangesNothing) {
  const Image crop = Grey(30, 20);
  EXPECT_EQ(DrawMapOn(crop, {}, 1).data, crop.data);
  EXPECT_EQ(DrawMapOn(crop, {1, 1, {0}}, 0).data, crop.data);
}

TEST(DrawMapOnFrame, TheMapLiesWhereTheCropCameFrom) {
  Image frame = Grey(200, 160);
  // The crop of 40 pixels shows the frame's 100 … 180 × 60 … 140.
  DrawMapOnFrame(frame, kUpperRight, {0.5, 0, -50, -30}, 40, 2);
  EXPECT_TRUE(IsYellow(frame, 170, 70));
  EXPECT_TRUE(IsGrey(frame, 110, 70));
  EXPECT_TRUE(IsGrey(frame, 185, 70));
  // Turned by a right angle the upper right corner becomes another.
  frame = Grey(200, 160);
  DrawMapOnFrame(frame, kUpperRight, {0, 0.5, 70, -50}, 40, 2);
  EXPECT_TRUE(IsYellow(frame, 110, 70));
  EXPECT_TRUE(IsGrey(frame, 170, 70));
}

TEST(DrawMapOnFrame, CropsThatReachBeyondTheFrameAreCut) {
  Image frame = Grey(50, 50);
  DrawMapOnFrame(frame, kUpperRight, {0.5, 0, 10, 10}, 40, 2);
  EXPECT_TRUE(IsYellow(frame, 49, 0) || !IsGrey(frame, 49, 0));
  frame = Grey(50, 50);
  DrawMapOnFrame(frame, kUpperRight, {0.5, 0, -500, 10}, 40, 2);
  EXPECT_EQ(frame.data, Grey(50, 50).data);
  DrawMapOnFrame(frame, kUpperRight, {0, 0, 0, 0}, 40, 2);  // no extent
  EXPECT_EQ(frame.data, Grey(50, 50).data);
}

TEST(DrawExplainedCrop, HoldsTheCropAndTheMapSideBySide) {
  const Image image = DrawExplainedCrop(Grey(64, 64), kUpperRight, 2, "title", "footer", 128);
  EXPECT_GT(image.width, 2 * 128);
  EXPECT_GT(image.height, 128);
  EXPECT_TRUE(IsGrey(image, 70, image.height / 2));
  EXPECT_EQ(YellowPixels(image, 0, 128), 0);
  EXPECT_GT(YellowPixels(image, 140, image.width - 20), 200);
  // Whatever the title holds, it neither grows the picture nor fails.
  const Image long_title = DrawExplainedCrop(Grey(64, 64), kUpperRight, 2,
                                             std::string(500, 'W') + "\xff\n\xe2\x82\xac", "", 128);
  EXPECT_EQ(long_title.width, image.width);
}

TEST(DrawMapGrid, HasARowAFaceAndAColumnAModel) {
  const MapGrid::Cell cell{Grey(32, 32), kUpperRight, 0.5};
  MapGrid grid{{"a", "b"}, {"x", "y", "z"}, {{cell, cell}, {cell, cell}, {cell, cell}}};
  const Image image = DrawMapGrid(grid, 56);
  EXPECT_GT(image.width, 3 * 56);
  EXPECT_GT(image.height, 3 * 56);
  EXPECT_GT(YellowPixels(image, 0, 3 * 56), 6 * 30);  // a spot in each of six cells
  grid.rows.back().pop_back();
  EXPECT_THROW(DrawMapGrid(grid), Error);
  grid.rows.pop_back();
  EXPECT_THROW(DrawMapGrid(grid), Error);
  EXPECT_THROW(DrawMapGrid({}), Error);
}

}  // namespace
}  // namespace unmask
