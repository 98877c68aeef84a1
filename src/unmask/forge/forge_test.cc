#include <gmock/gmock.h>

#include <algorithm>
#include <cmath>

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
FaceCrop RealCrop(int size, double scale = 1.7) {
  const Image photo = ReadPicture(std::string(UNMASK_DEPS_DIR) + "/samples/suit.jpg");
  FaceDetector detector;
  FaceLandmarker landmarker;
  const auto faces = landmarker.Locate(photo, detector.Detect(photo));
  const Similarity t = CropFromFrame(faces.at(0).points, {.size = size, .scale = scale});
  FaceCrop crop{WarpCrop(photo, t, size), {}};
  for (const Point& p : faces[0].mesh) crop.mesh.push_back(t(p));
  return crop;
}

double Mean(const Image& image) {
  double sum = 0;
  for (const uint8_t v : image.data) sum += v;
  return sum / static_cast<double>(image.data.size());
}

TEST(FaceMaskTest, RegionsLieWithinTheWholeFace) {
  const FaceCrop crop = RealCrop(200);
  const Image whole = FaceMask(crop.mesh, FaceRegion::kWhole, 200, 200);
  const double share = Mean(whole) / 255;
  EXPECT_GT(share, 0.15);
  EXPECT_LT(share, 0.6);
  for (int r = 1; r < kFaceRegions; ++r) {
    const Image part = FaceMask(crop.mesh, static_cast<FaceRegion>(r), 200, 200);
    EXPECT_LT(Mean(part), 0.95 * Mean(whole)) << r;
    EXPECT_GT(Mean(part), 0.1 * Mean(whole)) << r;
    for (size_t i = 0; i < part.data.size(); ++i) {  // but for the antialiased edge
      ASSERT_LE(part.data[i], whole.data[i] + 16) << r;
    }
  }
  // The nose tip (landmark 1) is inside each, the corner of the crop in none.
  EXPECT_EQ(whole.row(static_cast<int>(crop.mesh[1].y))[static_cast<int>(crop.mesh[1].x)], 255);
  EXPECT_EQ(whole.row(0)[0], 0);
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
};

TEST_P(ForgeryTest, ChangesTheFaceAndNothingElse) {
  const FaceCrop crop = RealCrop(224);
  for (uint64_t seed = 0; seed < 20; ++seed) {
    Random random(seed);
    const RealAndFake pair = GetParam().forge({.face = crop, .change_target = false}, random);
    EXPECT_EQ(pair.real.data, crop.image.data);
    EXPECT_NE(pair.fake.data, pair.real.data) << seed;
    for (int x = 0; x < 224; ++x) {  // the upper and lower edge are far from the face
      for (const int y : {0, 223}) {
        ASSERT_EQ(pair.fake.row(y)[3 * x], pair.real.row(y)[3 * x]) << seed;
      }
    }
    double difference = 0;
    for (size_t i = 0; i < pair.fake.data.size(); ++i) {
      difference += std::abs(pair.fake.data[i] - pair.real.data[i]);
    }
    EXPECT_LT(difference / static_cast<double>(pair.fake.data.size()), 20) << seed;
  }
}

TEST_P(ForgeryTest, ASeedFixesThePair) {
  const FaceCrop crop = RealCrop(96);
  Random a(5), b(5), c(6);
  const RealAndFake first = GetParam().forge({.face = crop}, a);
  const RealAndFake second = GetParam().forge({.face = crop}, b);
  EXPECT_EQ(first.real.data, second.real.data);
  EXPECT_EQ(first.fake.data, second.fake.data);
  EXPECT_NE(first.fake.data, GetParam().forge({.face = crop}, c).fake.data);
}

TEST_P(ForgeryTest, TheTargetIsChangedInAboutHalfOfThePairs) {
  const FaceCrop crop = RealCrop(64);
  int changed = 0;
  Random random(7);
  for (int i = 0; i < 200; ++i) {
    changed += GetParam().forge({.face = crop}, random).real.data != crop.image.data;
  }
  EXPECT_NEAR(changed, 100, 30);
}

TEST_P(ForgeryTest, TakesFacesOfAnySizePartlyOutside) {
  for (const auto& [size, scale] : {std::pair{64, 1.0}, {512, 1.0}, {300, 0.6}}) {
    const FaceCrop crop = RealCrop(size, scale);
    Random random(1);
    EXPECT_EQ(GetParam().forge({.face = crop}, random).fake.width, size);
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
