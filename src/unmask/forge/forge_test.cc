#include <gmock/gmock.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "unmask/base/error.h"
#include "unmask/face/alignment.h"
#include "unmask/face/landmarks.h"
#include "unmask/forge/face_mask.h"
#include "unmask/forge/registry.h"
#include "unmask/forge/test_autoencoders.h"
#include "unmask/media/picture.h"

namespace unmask {

// GoogleTest shows a row of the table by its name.
void PrintTo(const Forgery& forgery, std::ostream* out) { *out << forgery.name; }

namespace {

// A real aligned face with its landmarks.
FaceCrop RealCrop(int size, double scale = 1.7, const std::string& name = "suit.jpg") {
  static std::map<std::string, std::pair<Image, Face>> found;  // finding them takes time
  auto known = found.find(name);
  if (known == found.end()) {
    const Image photo = ReadPicture(std::string(UNMASK_DEPS_DIR) + "/samples/" + name);
    FaceDetector detector;
    FaceLandmarker landmarker;
    const auto faces = landmarker.Locate(photo, detector.Detect(photo));
    known = found.emplace(name, std::pair(photo, faces.at(0))).first;
  }
  const auto& [photo, face] = known->second;
  const Similarity t = CropFromFrame(face.points, {.size = size, .scale = scale});
  FaceCrop crop{WarpCrop(photo, t, size), {}};
  for (const Point& p : face.mesh) crop.mesh.push_back(t(p));
  return crop;
}

double Mean(const Image& image) {
  double sum = 0;
  for (const uint8_t v : image.data) sum += v;
  return sum / static_cast<double>(image.data.size());
}

// A face of another person.
FaceCrop OtherCrop(int size, double scale = 1.7) { return RealCrop(size, scale, "sample1.jpg"); }

TEST(FaceMaskTest, RegionsLieWithinTheWholeFace) {
  const FaceCrop crop = RealCrop(200);
  const Image whole = FaceMask(crop.mesh, FaceRegion::kWhole, 200, 200);
  const double share = Mean(whole) / 255;
  EXPECT_GT(share, 0.15);
  EXPECT_LT(share, 0.6);
  for (int r = 1; r < kFaceRegions; ++r) {
    if (static_cast<FaceRegion>(r) == FaceRegion::kWithForehead) continue;
    const Image part = FaceMask(crop.mesh, static_cast<FaceRegion>(r), 200, 200);
    EXPECT_LT(Mean(part), 0.95 * Mean(whole)) << r;
    EXPECT_GT(Mean(part), 0.05 * Mean(whole)) << r;
    for (size_t i = 0; i < part.data.size(); ++i) {  // but for the antialiased edge
      ASSERT_LE(part.data[i], whole.data[i] + 16) << r;
    }
  }
  // The nose tip (landmark 1) is inside each, the corner of the crop in none.
  EXPECT_EQ(whole.row(static_cast<int>(crop.mesh[1].y))[static_cast<int>(crop.mesh[1].x)], 255);
  EXPECT_EQ(whole.row(0)[0], 0);
}

TEST(FaceMaskTest, TheForeheadIsAddedAboveTheFaceAlone) {
  const FaceCrop crop = RealCrop(200);
  const Image whole = FaceMask(crop.mesh, FaceRegion::kWhole, 200, 200);
  const Image with_forehead = FaceMask(crop.mesh, FaceRegion::kWithForehead, 200, 200);
  EXPECT_GT(Mean(with_forehead), 1.03 * Mean(whole));
  EXPECT_LT(Mean(with_forehead), 1.3 * Mean(whole));
  const auto brow = static_cast<int>(crop.mesh[9].y);
  for (int y = 0; y < 200; ++y) {
    for (int x = 0; x < 200; ++x) {
      ASSERT_GE(with_forehead.row(y)[x], whole.row(y)[x] - 16);
      if (y <= brow + 10) continue;
      ASSERT_LE(with_forehead.row(y)[x], whole.row(y)[x] + 16);
    }
  }
}

TEST(FaceMaskTest, EveryRegionIsDrawn) {
  Random random(3);
  std::set<FaceRegion> drawn;
  for (int i = 0; i < 300; ++i) drawn.insert(DrawRegion(random));
  EXPECT_EQ(drawn.size(), static_cast<size_t>(kFaceRegions));
}

TEST(FaceMaskTest, SoftMasksFadeAndVary) {
  const FaceCrop crop = RealCrop(200);
  const Image mask = FaceMask(crop.mesh, FaceRegion::kWhole, 200, 200);
  Random random(1);
  const Image a = SoftenMask(mask, random);
  const Image b = SoftenMask(mask, random);
  EXPECT_NE(a.data, b.data);
  const auto partial =
      std::count_if(a.data.begin(), a.data.end(), [](uint8_t v) { return v > 10 && v < 245; });
  EXPECT_GT(partial, 500);
  EXPECT_NEAR(Mean(a), Mean(mask), 0.5 * Mean(mask));
}

TEST(FaceMaskTest, HostileLandmarksAreSurvived) {
  const std::vector<Point> far(kMeshSize, Point{1e9f, -1e9f});
  EXPECT_EQ(Mean(FaceMask(far, FaceRegion::kWhole, 32, 32)), 0);
  EXPECT_THROW(FaceMask(std::vector<Point>(5), FaceRegion::kWhole, 32, 32), Error);
}

class ForgeryTest : public testing::TestWithParam<Forgery> {
 protected:
  static void SetUpTestSuite() { UseTestAutoencoders(); }

  struct How {
    bool change_target = true;
    double strength = 1;
  };
  // `other`: of another person, of the same size.
  static RealAndFake Forge(const FaceCrop& face, const FaceCrop& other, Random& random,
                           const How& how) {
    return GetParam().forge({.face = face,
                             .change_target = how.change_target,
                             .other_face = [&](Random&) { return other; },
                             .strength = how.strength},
                            random);
  }
};

// Sum of the differences, and of those of pixels that `mask` leaves out.
struct Difference {
  double all = 0, outside = 0;
};
Difference DifferenceOf(const RealAndFake& pair, const Image& mask) {
  Difference difference;
  for (size_t i = 0; i < pair.fake.data.size(); ++i) {
    const double here = std::abs(pair.fake.data[i] - pair.real.data[i]);
    difference.all += here;
    if (mask.data[i / 3] == 0) difference.outside += here;
  }
  return difference;
}

TEST_P(ForgeryTest, ChangesTheFaceAndNothingElse) {
  const FaceCrop crop = RealCrop(224), other = OtherCrop(224);
  // The largest region, with room for what makes its edge soft.
  std::vector<Point> wide = crop.mesh;
  for (Point& p : wide) p = {112 + 1.4f * (p.x - 112), 118 + 1.4f * (p.y - 118)};
  const Image mask = FaceMask(wide, FaceRegion::kWithForehead, 224, 224);
  EXPECT_LT(Mean(mask), 0.8 * 255);
  for (uint64_t seed = 0; seed < 40; ++seed) {
    Random random(seed);
    const RealAndFake pair = Forge(crop, other, random, {.change_target = false});
    EXPECT_EQ(pair.real.data, crop.image.data);
    const Difference difference = DifferenceOf(pair, mask);
    EXPECT_GT(difference.all, 0) << seed;
    EXPECT_EQ(difference.outside, 0) << seed;
    EXPECT_LT(difference.all / static_cast<double>(pair.fake.data.size()), 20) << seed;
  }
}

TEST_P(ForgeryTest, WithoutStrengthBothHalvesAreEqual) {
  const FaceCrop crop = RealCrop(160), other = OtherCrop(160);
  for (uint64_t seed = 0; seed < 40; ++seed) {
    Random random(seed);
    const RealAndFake pair =
        Forge(crop, other, random, {.change_target = seed < 30, .strength = 0});
    EXPECT_EQ(pair.real.data, pair.fake.data) << seed;
  }
}

TEST_P(ForgeryTest, StrengthScalesTheManipulation) {
  const FaceCrop crop = RealCrop(160), other = OtherCrop(160);
  const Image everything(160, 160, 1);
  double sums[3] = {};
  for (uint64_t seed = 0; seed < 20; ++seed) {
    for (int i = 0; i < 3; ++i) {
      Random random(seed);
      const How how{.change_target = false, .strength = 0.25 * (1 << i)};
      sums[i] += DifferenceOf(Forge(crop, other, random, how), everything).all;
    }
  }
  EXPECT_LT(1.2 * sums[0], sums[1]);
  EXPECT_LT(1.2 * sums[1], sums[2]);
}

TEST_P(ForgeryTest, ASeedFixesThePair) {
  const FaceCrop crop = RealCrop(96), other = OtherCrop(96);
  Random a(5), b(5), c(6);
  const RealAndFake first = Forge(crop, other, a, {}), second = Forge(crop, other, b, {});
  EXPECT_EQ(first.real.data, second.real.data);
  EXPECT_EQ(first.fake.data, second.fake.data);
  EXPECT_NE(first.fake.data, Forge(crop, other, c, {}).fake.data);
}

TEST_P(ForgeryTest, TheTargetIsChangedInAPartOfThePairs) {
  const FaceCrop crop = RealCrop(224), other = OtherCrop(224);
  int changed = 0;
  Random random(7);
  for (int i = 0; i < 100; ++i) {
    changed += Forge(crop, other, random, {}).real.data != crop.image.data;
  }
  EXPECT_GT(changed, 3);
  EXPECT_LT(changed, 95);
}

TEST_P(ForgeryTest, TakesFacesOfAnySizePartlyOutside) {
  for (const auto& [size, scale] : {std::pair{64, 1.0}, {512, 1.0}, {300, 0.6}}) {
    const FaceCrop crop = RealCrop(size, scale), other = OtherCrop(size, scale);
    for (uint64_t seed = 0; seed < 5; ++seed) {
      Random random(seed);
      EXPECT_EQ(Forge(crop, other, random, {}).fake.width, size);
    }
  }
}

TEST_P(ForgeryTest, HostileLandmarksAreSurvived) {
  FaceCrop crop = RealCrop(96), other = OtherCrop(96);
  for (const auto& [x, y] : {std::pair{1e9f, -1e9f}, {0.f, 0.f}, {40.f, 40.f}}) {
    crop.mesh.assign(kMeshSize, Point{x, y});
    for (uint64_t seed = 0; seed < 10; ++seed) {
      Random random(seed);
      EXPECT_EQ(Forge(crop, other, random, {}).fake.width, 96);
      EXPECT_EQ(Forge(other, crop, random, {}).fake.width, 96);
    }
  }
}

TEST_P(ForgeryTest, AnotherFaceIsAskedForWhereItIsNeeded) {
  const FaceCrop crop = RealCrop(96);
  Random random(1);
  if (GetParam().needs_other_face) {
    EXPECT_THROW(GetParam().forge({.face = crop}, random), Error);
    const FaceCrop small = OtherCrop(64);
    EXPECT_THROW(Forge(crop, small, random, {}), Error);
  } else {
    EXPECT_EQ(GetParam().forge({.face = crop}, random).fake.width, 96);
  }
}

INSTANTIATE_TEST_SUITE_P(Table, ForgeryTest,
                         testing::ValuesIn(Forgeries().begin(), Forgeries().end()),
                         [](const auto& row) {
                           std::string name(row.param.name);
                           std::replace(name.begin(), name.end(), '-', '_');
                           return name;
                         });

TEST(ForgeriesTest, UnknownNamesSuggestTheNearest) {
  EXPECT_THROW(FindForgery("self-blnd"), UsageError);
  EXPECT_EQ(FindForgery("self-blend").name, "self-blend");
}

}  // namespace
}  // namespace unmask
