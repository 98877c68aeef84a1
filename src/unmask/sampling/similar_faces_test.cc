#include "unmask/sampling/similar_faces.h"

#include <gtest/gtest.h>

#include <cmath>
#include <set>
#include <string>
#include <vector>

#include "unmask/base/error.h"
#include "unmask/base/temporary_folder.h"
#include "unmask/data/crop_store_writer.h"

namespace unmask {
namespace {

constexpr int kPeople = 4, kFaces = 60;  // each

// Landmarks of a face whose mouth, nose and all are turned by so much: one number tells them apart.
std::vector<Point> Mesh(double turn) {
  Random random(9);  // the same face at rest
  std::vector<Point> mesh(kMeshSize);
  for (Point& p : mesh) {
    const double x = Uniform(random, 5, 27), y = Uniform(random, 5, 27);
    const double depth = Uniform(random, 0, 1);
    p = {static_cast<float>(x + 4 * turn * depth), static_cast<float>(y)};
  }
  return mesh;
}

// Of person `p` face `i` is turned by this much, 0 … 1; people alternate.
double Turn(int p, int i) { return (i * kPeople + p) / static_cast<double>(kPeople * kFaces); }

class SimilarFacesTest : public testing::Test {
 protected:
  static CropStore Store(const std::filesystem::path& path, int people) {
    std::vector<SourceFile> files;
    for (int p = 0; p < people; ++p) {
      const std::string name = std::to_string(p);
      files.push_back({.source = name, .identity = name, .split = "train", .label = 0});
    }
    CropStoreWriter writer(path, {.crop_size = 32, .crop_scale = 1.3}, files);
    for (int p = 0; p < people; ++p) {
      for (int i = 0; i < kFaces; ++i) {
        AlignedFace face{.face = {.time = static_cast<double>(i)}, .crop = Image(32, 32)};
        face.face.mesh = Mesh(Turn(p, i));
        writer.Add(static_cast<size_t>(p), PackFace(face, 1));
      }
      writer.EndFile(static_cast<size_t>(p), 1, "", "");
    }
    writer.Finish();
    return OpenCropStore(path);
  }

  static std::vector<StoredFace> All(const CropStore& store) {
    std::vector<StoredFace> faces;
    for (const CropRecord& record : store.records) faces.push_back({&store, &record});
    return faces;
  }

  static double TurnOf(const StoredFace& face) {
    return Turn(std::stoi(face.record->identity), static_cast<int>(face.record->face.time));
  }

  TemporaryFolder folder_;
};

TEST_F(SimilarFacesTest, TheNearestOfOtherPeopleAreDrawn) {
  const CropStore store = Store(folder_.path() / "store", kPeople);
  const SimilarFaces similar(All(store));
  // A tenth of the 180 faces of others, by the one number that tells the faces apart.
  constexpr size_t kCandidates = 18;
  Random random(1);
  for (const double turn : {0.0, 0.37, 0.5, 0.98}) {
    std::set<double> drawn;
    for (int n = 0; n < 600; ++n) {
      const StoredFace& face = similar.Draw(Mesh(turn), "2", random);
      EXPECT_NE(face.record->identity, "2");
      drawn.insert(std::fabs(TurnOf(face) - turn));
    }
    std::multiset<double> expected;
    for (int p = 0; p < kPeople; ++p) {
      for (int i = 0; i < kFaces && p != 2; ++i) expected.insert(std::fabs(Turn(p, i) - turn));
    }
    EXPECT_LE(*drawn.rbegin(), *std::next(expected.begin(), kCandidates) + 0.005) << turn;
    EXPECT_GT(drawn.size(), 8u) << turn;  // some are equally far to both sides
  }
}

TEST_F(SimilarFacesTest, SizeAndPlaceOfTheCropDoNotCount) {
  const CropStore store = Store(folder_.path() / "store", kPeople);
  const SimilarFaces similar(All(store));
  std::vector<Point> mesh = Mesh(0.4);
  Random a(3), b(3), c(4);
  std::set<const CropRecord*> others;
  for (int n = 0; n < 50; ++n) {
    std::vector<Point> large = mesh;
    for (Point& p : large) p = {7 * p.x + 100, 7 * p.y - 30};
    const CropRecord* drawn = similar.Draw(mesh, "0", a).record;
    EXPECT_EQ(similar.Draw(large, "0", b).record, drawn);
    others.insert(similar.Draw(mesh, "0", c).record);
  }
  EXPECT_GT(others.size(), 5u);
}

TEST_F(SimilarFacesTest, StrangersAndHostileLandmarksFindSomebody) {
  const CropStore store = Store(folder_.path() / "store", 2);
  const SimilarFaces similar(All(store));
  Random random(5);
  EXPECT_NE(similar.Draw(Mesh(0.1), "nobody", random).record, nullptr);
  EXPECT_EQ(similar.Draw(std::vector<Point>(kMeshSize), "0", random).record->identity, "1");
  EXPECT_EQ(
      similar.Draw(std::vector<Point>(kMeshSize, Point{NAN, 1e30f}), "0", random).record->identity,
      "1");
  EXPECT_THROW(similar.Draw(std::vector<Point>(5), "0", random), Error);
}

TEST_F(SimilarFacesTest, OnePersonIsNotEnough) {
  const CropStore store = Store(folder_.path() / "store", 1);
  EXPECT_THROW(SimilarFaces{All(store)}, Error);
}

}  // namespace
}  // namespace unmask
