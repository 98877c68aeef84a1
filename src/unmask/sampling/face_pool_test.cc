#include "unmask/sampling/face_pool.h"

#include <gmock/gmock.h>

#include <algorithm>
#include <map>
#include <set>
#include <string>
#include <utility>
#include <vector>

namespace unmask {
namespace {

TEST(ShuffledIndexTest, PassesOverEveryIndexOnceInAnOrderOfTheSeed) {
  for (const int64_t count : {1, 2, 3, 4, 5, 16, 17, 1000}) {
    std::set<int64_t> seen;
    for (int64_t i = 0; i < count; ++i) {
      const int64_t index = ShuffledIndex(i, count, 7);
      EXPECT_GE(index, 0);
      EXPECT_LT(index, count);
      seen.insert(index);
    }
    EXPECT_EQ(static_cast<int64_t>(seen.size()), count);
  }
}

TEST(ShuffledIndexTest, NeighboursAreScattered) {
  // In a random order of 1000 an index is on average a third of the way from the one before, and
  // each of ten parts of the order holds about as many of each tenth of the indices.
  std::map<std::pair<int64_t, int64_t>, int> table;
  double distance = 0;
  for (uint64_t seed = 0; seed < 20; ++seed) {
    int64_t last = ShuffledIndex(0, 1000, seed);
    for (int64_t i = 0; i < 1000; ++i) {
      const int64_t index = ShuffledIndex(i, 1000, seed);
      distance += static_cast<double>(std::abs(index - last));
      last = index;
      ++table[{i / 100, index / 100}];
    }
  }
  EXPECT_NEAR(distance / 20000, 333, 10);
  double chi_square = 0;
  for (const auto& [cell, count] : table) chi_square += (count - 200.0) * (count - 200.0) / 200;
  // 81 degrees of freedom (less the variance that a permutation lacks): five deviations above.
  EXPECT_LT(chi_square, 81 + 5 * 13);
}

class FacePoolTest : public testing::Test {
 protected:
  // `count` faces, a second apart.
  void AddVideo(const std::string& source, const std::string& identity, int count) {
    for (int i = 0; i < count; ++i) {
      CropRecord& record = store_.records.emplace_back();
      record.id = static_cast<int64_t>(store_.records.size());
      record.source = source;
      record.identity = identity;
      record.face.time = i;
    }
  }

  FacePool Pool(int64_t faces_per_video) const {
    std::vector<StoredFace> faces;
    for (const CropRecord& record : store_.records) faces.push_back({&store_, &record});
    return FacePool(std::move(faces), faces_per_video);
  }

  // The times of the faces of each video in an epoch.
  static std::map<std::string, std::multiset<double>> Epoch(const FacePool& pool, int64_t epoch,
                                                            uint64_t seed = 1) {
    std::map<std::string, std::multiset<double>> times;
    for (int64_t i = 0; i < pool.faces_per_epoch(); ++i) {
      const CropRecord& record = *pool.Draw(epoch * pool.faces_per_epoch() + i, seed).record;
      times[record.source].insert(record.face.time);
    }
    return times;
  }

  CropStore store_;
};

TEST_F(FacePoolTest, WithoutALimitAnEpochHoldsEveryFaceOnce) {
  AddVideo("a", "a", 5);
  AddVideo("b", "b", 1);
  const FacePool pool = Pool(0);
  EXPECT_EQ(pool.faces_per_epoch(), 6);
  for (int64_t epoch = 0; epoch < 3; ++epoch) {
    auto times = Epoch(pool, epoch);
    EXPECT_EQ(times["a"], (std::multiset<double>{0, 1, 2, 3, 4}));
    EXPECT_EQ(times["b"].size(), 1u);
  }
}

TEST_F(FacePoolTest, AFewFacesOfAVideoAreSpreadOverItsTime) {
  AddVideo("long", "a", 40);
  AddVideo("short", "b", 2);
  const FacePool pool = Pool(4);
  EXPECT_EQ(pool.faces_per_epoch(), 6);
  EXPECT_EQ(pool.faces(), 42);
  for (int64_t epoch = 0; epoch < 12; ++epoch) {
    const auto times = Epoch(pool, epoch);
    ASSERT_EQ(times.at("long").size(), 4u);
    ASSERT_EQ(times.at("short").size(), 2u);
    int part = 0;
    for (const double time : times.at("long")) EXPECT_EQ(static_cast<int>(time) / 10, part++);
  }
}

TEST_F(FacePoolTest, LaterEpochsTakeOtherFacesUntilAllHadTheirTurn) {
  AddVideo("a", "a", 23);
  const FacePool pool = Pool(4);
  std::set<double> seen;
  for (int64_t epoch = 0; epoch < 6; ++epoch) {  // 6 faces in the largest of the four parts
    const auto times = Epoch(pool, epoch);
    seen.insert(times.at("a").begin(), times.at("a").end());
  }
  EXPECT_EQ(seen.size(), 23u);
  EXPECT_NE(Epoch(pool, 0), Epoch(pool, 1));
}

TEST_F(FacePoolTest, TheOrderDependsOnSeedAndEpoch) {
  AddVideo("a", "a", 50);
  const FacePool pool = Pool(0);
  const auto order = [&](int64_t epoch, uint64_t seed) {
    std::vector<double> times;
    for (int64_t i = 0; i < 50; ++i) {
      times.push_back(pool.Draw(50 * epoch + i, seed).record->face.time);
    }
    return times;
  };
  EXPECT_EQ(order(0, 1), order(0, 1));
  EXPECT_NE(order(0, 1), order(1, 1));
  EXPECT_NE(order(0, 1), order(0, 2));
}

TEST_F(FacePoolTest, StoresMayBeMovedAndTheirFacesComeInAnyOrder) {
  AddVideo("a", "a", 20);
  CropStore other;
  std::swap(other, store_);
  AddVideo("b", "b", 20);
  const auto draws = [&](const std::string& path, bool backwards) {
    store_.path = path;
    other.path = "m";
    std::vector<StoredFace> faces;
    for (const CropRecord& record : store_.records) faces.push_back({&store_, &record});
    for (const CropRecord& record : other.records) faces.push_back({&other, &record});
    if (backwards) {
      std::reverse(faces.begin(), faces.begin() + 20);
      std::reverse(faces.begin() + 20, faces.end());
    }
    const FacePool pool(std::move(faces), 3);
    std::vector<std::pair<std::string, double>> drawn;
    for (int64_t i = 0; i < 12; ++i) {
      const CropRecord& record = *pool.Draw(i, 1).record;
      drawn.emplace_back(record.source, record.face.time);
    }
    return drawn;
  };
  EXPECT_EQ(draws("a", false), draws("z", false));
  EXPECT_EQ(draws("a", false), draws("a", true));
}

TEST_F(FacePoolTest, AFaceOfTheSameIdentityIsTheNearestInTime) {
  AddVideo("a1", "a", 10);
  AddVideo("a2", "a", 10);
  AddVideo("b", "b", 3);
  const FacePool pool = Pool(2);  // the limit is one of epochs, not of partners
  std::set<std::string> sources;
  for (uint64_t pick = 0; pick < 4; ++pick) {
    const StoredFace* face = pool.NearestOf("a", 6.4, pick);
    ASSERT_NE(face, nullptr);
    EXPECT_EQ(face->record->face.time, 6);
    sources.insert(face->record->source);
  }
  EXPECT_EQ(sources, (std::set<std::string>{"a1", "a2"}));
  EXPECT_EQ(pool.NearestOf("c", 0, 0), nullptr);
}

}  // namespace
}  // namespace unmask
