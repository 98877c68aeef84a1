#include "unmask/face/alignment.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <limits>
#include <memory>

#include "unmask/base/error.h"
#include "unmask/base/random.h"
#include "unmask/media/picture.h"

namespace unmask {
namespace {

namespace fs = std::filesystem;

// ArcFace's template for 112 × 112 crops, here with pixel centres at + 0.5.
const FivePoints kTemplate = {{{38.7946f, 52.1963f},
                               {74.0318f, 52.0014f},
                               {56.5252f, 72.2366f},
                               {42.0493f, 92.8655f},
                               {71.2299f, 92.7041f}}};

Similarity Make(double scale, double degrees, double tx, double ty) {
  const double angle = degrees * M_PI / 180;
  return {scale * std::cos(angle), scale * std::sin(angle), tx, ty};
}

FivePoints Moved(const FivePoints& points, const Similarity& by) {
  FivePoints moved;
  for (int i = 0; i < 5; ++i) moved[i] = by(points[i]);
  return moved;
}

// A picture whose red rises by 0.2 per pixel to the right and whose green by 0.2 downwards.
Image Ramp(int width, int height) {
  Image image(width, height);
  for (int y = 0; y < height; ++y) {
    for (int x = 0; x < width; ++x) {
      image.row(y)[3 * x] = static_cast<uint8_t>(std::lround(0.2 * (x + 0.5)));
      image.row(y)[3 * x + 1] = static_cast<uint8_t>(std::lround(0.2 * (y + 0.5)));
    }
  }
  return image;
}

TEST(Alignment, AtScaleOneTheCropIsArcFaces) {
  const Similarity t = CropFromFrame(kTemplate, {.size = 112, .scale = 1.0});
  EXPECT_NEAR(t.a, 1, 1e-6);
  EXPECT_NEAR(t.b, 0, 1e-6);
  EXPECT_NEAR(t.tx, 0, 1e-4);
  EXPECT_NEAR(t.ty, 0, 1e-4);
}

TEST(Alignment, AtScaleOneThirtyTheCropShowsThirtyPerCentMore) {
  // By hand: 224 · (0.5 + (38.7946 − 56) / 112 / 1.3) = 85.530, and so on.
  const Similarity t = CropFromFrame(kTemplate, {.size = 224, .scale = 1.3});
  EXPECT_NEAR(t.scale(), 2 / 1.3, 1e-6);
  EXPECT_NEAR(t(kTemplate[0]).x, 85.530, 0.01);
  EXPECT_NEAR(t(kTemplate[0]).y, 106.148, 0.01);
  EXPECT_NEAR(t(kTemplate[4]).x, 135.431, 0.01);
  EXPECT_NEAR(t(kTemplate[4]).y, 168.468, 0.01);
}

TEST(Alignment, UndoesAnySimilarity) {
  Random random(1);
  for (int i = 0; i < 20; ++i) {
    const Similarity moved = Make(Uniform(random, 0.2, 9), Uniform(random, -180, 180),
                                  Uniform(random, -500, 500), Uniform(random, -500, 500));
    const Similarity t = CropFromFrame(Moved(kTemplate, moved), {.size = 112, .scale = 1.0});
    const Similarity want = moved.Inverse();
    EXPECT_NEAR(t.a, want.a, 1e-4);
    EXPECT_NEAR(t.b, want.b, 1e-4);
    EXPECT_NEAR(t.tx, want.tx, 0.05);
    EXPECT_NEAR(t.ty, want.ty, 0.05);
  }
}

TEST(Alignment, NoOtherTransformFitsBetter) {
  FivePoints points = Moved(kTemplate, Make(2, 25, 100, -40));
  Random random(2);
  for (Point& p : points) {
    p.x += static_cast<float>(Normal(random, 0, 8));
    p.y += static_cast<float>(Normal(random, 0, 8));
  }
  const auto cost = [&](const Similarity& t) {
    double sum = 0;
    for (int i = 0; i < 5; ++i) {
      sum += std::pow(t(points[i]).x - kTemplate[i].x, 2) +
             std::pow(t(points[i]).y - kTemplate[i].y, 2);
    }
    return sum;
  };
  const Similarity best = CropFromFrame(points, {.size = 112, .scale = 1.0});
  for (double Similarity::*part :
       {&Similarity::a, &Similarity::b, &Similarity::tx, &Similarity::ty}) {
    for (const double step : {-1.0, 1.0}) {
      Similarity other = best;
      other.*part += step * (part == &Similarity::a || part == &Similarity::b ? 0.005 : 0.5);
      EXPECT_GT(cost(other), cost(best));
    }
  }
}

TEST(Alignment, BadOptionsAndPointsAreRefused) {
  EXPECT_THROW(CropFromFrame(kTemplate, {.size = 0, .scale = 1.0}), Error);
  EXPECT_THROW(CropFromFrame(kTemplate, {.size = 112, .scale = 0.0}), Error);
  EXPECT_THROW(WarpCrop(Image(8, 8), Similarity{0, 0, 0, 0}, 8), Error);
  const FivePoints same{};
  EXPECT_EQ(CropFromFrame(same, {}).scale(), 1);
}

TEST(Warp, IdentityAndQuarterTurnKeepThePixels) {
  Image image(64, 64);
  Random random(3);
  for (uint8_t& value : image.data) value = static_cast<uint8_t>(UniformInt(random, 256));
  EXPECT_EQ(WarpCrop(image, Similarity{}, 64).data, image.data);
  // (x, y) → (64 − y, x): clockwise.
  const Image turned = WarpCrop(image, Similarity{0, 1, 64, 0}, 64);
  for (int y = 0; y < 64; ++y) {
    for (int x = 0; x < 64; ++x) {
      ASSERT_EQ(turned.row(y)[3 * x], image.row(63 - x)[3 * y]) << x << "," << y;
    }
  }
}

TEST(Warp, EveryPixelComesFromItsPlace) {
  const Image ramp = Ramp(1000, 1000);
  for (const double scale : {0.15, 0.31, 0.5, 0.97, 1.0, 2.6}) {
    // Turned by 30° about the middle of the frame, which becomes the middle of the crop.
    const int size = 96;
    Similarity t = Make(scale, 30, 0, 0);
    t.tx = size / 2.0 - (t.a * 500 - t.b * 500);
    t.ty = size / 2.0 - (t.b * 500 + t.a * 500);
    const Image crop = WarpCrop(ramp, t, size);
    const Similarity back = t.Inverse();
    for (int y = 4; y < size; y += 29) {
      for (int x = 4; x < size; x += 29) {
        const Point p = back({x + 0.5f, y + 0.5f});
        EXPECT_NEAR(crop.row(y)[3 * x], 0.2 * p.x, 1.2) << scale << " " << x << "," << y;
        EXPECT_NEAR(crop.row(y)[3 * x + 1], 0.2 * p.y, 1.2) << scale << " " << x << "," << y;
      }
    }
  }
}

TEST(Warp, AFineCheckerboardShrinksToGrey) {
  Image board(800, 800);
  for (int y = 0; y < 800; ++y) {
    for (int x = 0; x < 800; ++x) {
      for (int c = 0; c < 3; ++c) board.row(y)[3 * x + c] = (x + y) % 2 == 0 ? 255 : 0;
    }
  }
  for (const double shrink : {2.0, 2.7, 4.0, 6.3}) {
    Similarity t = Make(1 / shrink, 11, 0, 0);
    t.tx = 50 - (t.a - t.b) * 400;
    t.ty = 50 - (t.b + t.a) * 400;
    const std::unique_ptr<Frame> frame = FrameOf(board);
    for (const Antialiasing antialiasing : {Antialiasing::kFull, Antialiasing::kLight}) {
      const Image crop = WarpCrop(*frame, t, 100, antialiasing);
      double mean = 0, square = 0;
      int count = 0;
      for (int y = 30; y < 70; ++y) {
        for (int x = 30; x < 70; ++x, ++count) {
          mean += crop.row(y)[3 * x];
          square += std::pow(crop.row(y)[3 * x], 2);
        }
      }
      mean /= count;
      EXPECT_NEAR(mean, 127.5, 3) << shrink;
      // Without a filter the deviation would be some 60 to 127 grey levels.
      EXPECT_LT(std::sqrt(square / count - mean * mean),
                antialiasing == Antialiasing::kFull ? 15 : 30)
          << shrink;
    }
  }
}

TEST(Warp, LightAntialiasingShowsTheSameShapes) {
  Image photo = ReadPicture(fs::path(UNMASK_DEPS_DIR) / "samples" / "sample6.jpg");
  const std::unique_ptr<Frame> frame = FrameOf(photo);
  for (const double shrink : {1.4, 2.3, 2.9, 4.4}) {
    Similarity t = Make(1 / shrink, 7, 0, 0);
    t.tx = 96 - (t.a * 340 - t.b * 640);
    t.ty = 96 - (t.b * 340 + t.a * 640);
    const Image full = WarpCrop(*frame, t, 192);
    const Image light = WarpCrop(*frame, t, 192, Antialiasing::kLight);
    double difference = 0;
    for (size_t i = 0; i < full.data.size(); ++i) {
      difference += std::abs(full.data[i] - light.data[i]);
    }
    // A shift by a tenth of a pixel would change as much.
    EXPECT_LT(difference / static_cast<double>(full.data.size()), 1.0) << shrink;
  }
}

TEST(ExpectedPart, HoldsTheCropOfPointsThatAreKnownRoughly) {
  const Image wide(1280, 720);
  const std::unique_ptr<Frame> frame = FrameOf(wide);
  const FivePoints points = {{{600, 300}, {690, 310}, {640, 360}, {605, 405}, {675, 412}}};
  const AlignmentOptions options{.size = 288, .scale = 1.7};
  const Similarity inverse = CropFromFrame(points, options).Inverse();
  // As the detector has them: one point for the mouth, each some pixels off.
  const FivePoints rough = {{{602, 298}, {689, 312}, {643, 357}, {641, 407}, {641, 407}}};
  const PixelRectangle part = ExpectedPart(*frame, rough, options);
  for (const Point corner : {Point{0, 0}, Point{288, 0}, Point{0, 288}, Point{288, 288}}) {
    const Point p = inverse(corner);
    EXPECT_GE(p.x, static_cast<float>(part.x));
    EXPECT_LE(p.x, static_cast<float>(part.x + part.width));
    EXPECT_GE(std::max(p.y, 0.0f), static_cast<float>(part.y));
    EXPECT_LE(std::min(p.y, 720.0f), static_cast<float>(part.y + part.height));
  }
  EXPECT_LT(part.width, 1.3 * 288 * inverse.scale());
  const FivePoints away = {{{-900, 300}, {-810, 310}, {-860, 360}, {-859, 407}, {-859, 407}}};
  EXPECT_EQ(ExpectedPart(*frame, away, options).width, 0);
  FivePoints damaged = points;
  damaged[0].x = std::numeric_limits<float>::quiet_NaN();
  EXPECT_EQ(ExpectedPart(*frame, damaged, options).width, 0);
}

TEST(Warp, BeyondItsEdgesTheFrameGoesOnInTheirColours) {
  Image frame(50, 50);
  for (int y = 0; y < 50; ++y) {
    for (int x = 0; x < 50; ++x) frame.row(y)[3 * x] = static_cast<uint8_t>(100 + x + 2 * y);
  }
  const Image crop = WarpCrop(frame, Similarity{1, 0, 60, 0}, 100);
  EXPECT_EQ(crop.row(20)[3 * 70], 100 + 10 + 2 * 20);
  EXPECT_EQ(crop.row(20)[3 * 30], 100 + 0 + 2 * 20);   // left of the frame
  EXPECT_EQ(crop.row(80)[3 * 70], 100 + 10 + 2 * 49);  // below it
  EXPECT_EQ(crop.row(80)[3 * 30], 100 + 0 + 2 * 49);
  const Image away = WarpCrop(frame, Similarity{1, 0, 5000, 5000}, 100);
  for (const uint8_t value : away.data) ASSERT_EQ(value, 0);  // nothing of it is in the crop
}

TEST(Warp, WideFramesAndHugeFaces) {
  Image wide(40000, 60);  // wider than OpenCV warps at once
  for (uint8_t& value : wide.data) value = 200;
  EXPECT_EQ(WarpCrop(wide, Similarity{1, 0, -39000, 0}, 40).row(20)[60], 200);
  const Image huge = Ramp(1270, 1270);
  const Image crop = WarpCrop(huge, Similarity{1 / 79.375, 0, 0, 0}, 16);
  EXPECT_NEAR(crop.row(8)[3 * 8], 0.2 * 8.5 * 79.375, 1.5);
}

TEST(Blur, KnownValues) {
  Image board(16, 16, 1);
  EXPECT_EQ(BlurMeasure(board), 0);
  for (int y = 0; y < 16; ++y) {
    for (int x = 0; x < 16; ++x) board.row(y)[x] = (x + y) % 2 == 0 ? 255 : 0;
  }
  // The Laplacian of a checkerboard is ± 4 · 255 everywhere.
  EXPECT_NEAR(BlurMeasure(board), 1020.0 * 1020.0, 1);
}

TEST(Blur, FallsWithBlurring) {
  Image sharp(64, 64);
  Random random(4);
  for (uint8_t& value : sharp.data) value = static_cast<uint8_t>(UniformInt(random, 256));
  const Image soft = WarpCrop(sharp, Similarity{4, 0, 0, 0}, 64);  // enlarged: smooth
  EXPECT_LT(BlurMeasure(soft), 0.2f * BlurMeasure(sharp));
}

TEST(Geometry, SimilaritiesInvert) {
  const Similarity t = Make(3, 40, 7, -9);
  const Point p = t.Inverse()(t({12, 34}));
  EXPECT_NEAR(p.x, 12, 1e-4);
  EXPECT_NEAR(p.y, 34, 1e-4);
  EXPECT_NEAR(t.scale(), 3, 1e-12);
}

TEST(Geometry, IntersectionOverUnion) {
  EXPECT_DOUBLE_EQ(IntersectionOverUnion({0, 0, 2, 2}, {1, 0, 3, 2}), 1.0 / 3);
  EXPECT_EQ(IntersectionOverUnion({0, 0, 2, 2}, {2, 0, 4, 2}), 0);
  EXPECT_EQ(IntersectionOverUnion({0, 0, 0, 0}, {0, 0, 0, 0}), 0);
  EXPECT_EQ(IntersectionOverUnion({0, 0, 2, 2}, {NAN, 0, 1, 1}), 0);
}

}  // namespace
}  // namespace unmask
