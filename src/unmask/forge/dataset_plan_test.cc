#include "unmask/forge/dataset_plan.h"

#include <gmock/gmock.h>

#include <map>
#include <set>

#include "unmask/base/error.h"
#include "unmask/base/temporary_folder.h"
#include "unmask/forge/dataset_faces.h"

namespace unmask {
namespace {

using testing::HasSubstr;

// People a, b, … with so many clips each.
std::vector<DatasetSource> Clips(const std::vector<int>& counts) {
  std::vector<DatasetSource> sources;
  for (size_t p = 0; p < counts.size(); ++p) {
    for (int i = 0; i < counts[p]; ++i) {
      const std::string person = "p" + std::to_string(p);
      sources.push_back({person + "-" + std::to_string(i) + ".mp4", person, ""});
    }
  }
  return sources;
}

DatasetPlan Plan(const std::vector<DatasetSource>& sources, uint64_t seed = 1) {
  return PlanDataset(sources, std::vector<FaceLook>(sources.size()), seed);
}

// What must hold of every plan.
void Check(const std::vector<DatasetSource>& sources, const DatasetPlan& plan) {
  EXPECT_EQ(plan.clips.size() + plan.left_out.size(), sources.size());
  std::map<std::string, std::string> split_of;
  std::set<std::string> ids;
  for (const PlannedClip& clip : plan.clips) {
    EXPECT_TRUE(ids.insert(clip.id).second);
    const PlannedClip& partner = plan.Clip(clip.partner);
    EXPECT_EQ(partner.partner, clip.id);
    EXPECT_NE(partner.identity, clip.identity);
    EXPECT_EQ(partner.split, clip.split);
    EXPECT_EQ(split_of.emplace(clip.identity, clip.split).first->second, clip.split);
  }
}

TEST(DatasetPlanTest, SharesOutPeopleAsFaceForensicsDoes) {
  const auto sources = Clips(std::vector<int>(100, 1));
  const DatasetPlan plan = Plan(sources);
  Check(sources, plan);
  EXPECT_EQ(plan.PairsOf("train").size(), 36u);
  EXPECT_EQ(plan.PairsOf("val").size(), 7u);
  EXPECT_EQ(plan.PairsOf("test").size(), 7u);
  EXPECT_TRUE(plan.left_out.empty());
  EXPECT_EQ(plan.clips.front().id, "000");
  EXPECT_EQ(plan.clips.back().id, "099");
}

TEST(DatasetPlanTest, AnyMixtureOfPeopleGivesAValidPlan) {
  const std::vector<std::vector<int>> mixtures = {{1, 1},
                                                  {1, 1, 1},
                                                  {5, 1},
                                                  {2, 2, 2},
                                                  {1, 1, 1, 1},
                                                  {3, 3, 1, 1},
                                                  {9, 1, 1, 1, 1, 1, 1},
                                                  {4, 4, 4, 4, 4, 4},
                                                  {2, 1, 2, 1, 2, 1, 2, 1, 1, 1, 7, 3},
                                                  {20, 20},
                                                  {1, 30, 1, 1, 5}};
  for (size_t i = 0; i < mixtures.size(); ++i) {
    for (uint64_t seed = 0; seed < 5; ++seed) {
      const auto sources = Clips(mixtures[i]);
      const DatasetPlan plan = Plan(sources, seed);
      Check(sources, plan);
      EXPECT_FALSE(plan.PairsOf("train").empty()) << i;
      if (mixtures[i].size() >= 6) {
        EXPECT_FALSE(plan.PairsOf("val").empty()) << i << " " << seed;
        EXPECT_FALSE(plan.PairsOf("test").empty()) << i << " " << seed;
      }
    }
  }
}

TEST(DatasetPlanTest, NobodyIsLeftAloneWhoNeedNotBe) {
  std::vector<DatasetSource> sources = Clips({3, 3, 1, 1});
  for (DatasetSource& source : sources) source.split = "train";
  EXPECT_TRUE(Plan(sources).left_out.empty());
}

TEST(DatasetPlanTest, TheSeedDecidesAndNothingElse) {
  const auto sources = Clips(std::vector<int>(40, 1));
  const auto splits = [&](uint64_t seed) {
    std::vector<std::string> names;
    for (const PlannedClip& clip : Plan(sources, seed).clips) {
      names.push_back(clip.split + clip.partner);
    }
    return names;
  };
  EXPECT_EQ(splits(1), splits(1));
  EXPECT_NE(splits(1), splits(2));
}

TEST(DatasetPlanTest, PairsThoseWhoResembleEachOther) {
  std::vector<DatasetSource> sources = Clips({1, 1, 1, 1});
  for (DatasetSource& source : sources) source.split = "test";
  std::vector<FaceLook> looks(4, {.colour = {200, 150, 130}, .size = 100, .width = 0.8f});
  looks[1].colour[0] = looks[3].colour[0] = 90;
  const DatasetPlan plan = PlanDataset(sources, looks, 1);
  EXPECT_EQ(plan.clips[0].partner, "002");
  EXPECT_EQ(plan.clips[1].partner, "003");
}

TEST(DatasetPlanTest, KeepsSplitsThatAreGivenAndRefusesWhatCannotBe) {
  std::vector<DatasetSource> sources = Clips({1, 1, 1, 1, 1, 1});
  sources[4].split = sources[5].split = "val";
  const DatasetPlan plan = Plan(sources);
  EXPECT_EQ(plan.PairsOf("val").size(), 1u);
  EXPECT_EQ(plan.PairsOf("val")[0], std::make_pair(std::string("004"), std::string("005")));
  EXPECT_THROW(Plan(Clips({4})), Error);
  EXPECT_THROW(Plan({}), Error);
  std::vector<DatasetSource> torn = Clips({2, 1});
  torn[0].split = "train";
  torn[1].split = "test";
  try {
    Plan(torn);
    ADD_FAILURE();
  } catch (const Error& e) {
    EXPECT_THAT(e.what(), HasSubstr("p0"));
    EXPECT_THAT(e.what(), HasSubstr("train"));
  }
}

TEST(DatasetFacesTest, AreReadAsTheyWereWritten) {
  const TemporaryFolder folder;
  FoundFaces found;
  found.info.width = 640;
  found.info.height = 480;
  found.info.frames_per_second = 29.97;
  found.look = {.colour = {1, 2, 3}, .size = 4, .width = 5, .turn = 6};
  found.moments = {{std::vector<Point>(kMeshSize, Point{1.5f, -2}), 7}, {}};
  const auto path = folder.path() / "faces";
  WriteFoundFaces(path, found);
  const auto read = ReadFoundFaces(path);
  ASSERT_TRUE(read.has_value());
  EXPECT_EQ(read->info.width, 640);
  EXPECT_EQ(read->info.frames_per_second, 29.97);
  EXPECT_EQ(read->look.turn, 6);
  ASSERT_EQ(read->moments.size(), 2u);
  EXPECT_EQ(read->moments[0].track, 7);
  EXPECT_EQ(read->moments[0].mesh[467].x, 1.5f);
  EXPECT_TRUE(read->moments[1].mesh.empty());
  std::filesystem::resize_file(path, std::filesystem::file_size(path) - 1);
  EXPECT_FALSE(ReadFoundFaces(path).has_value());
  EXPECT_FALSE(ReadFoundFaces(folder.path() / "none").has_value());
}

}  // namespace
}  // namespace unmask
