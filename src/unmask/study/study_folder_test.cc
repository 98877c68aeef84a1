#include "unmask/study/study_folder.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>

#include "unmask/base/error.h"
#include "unmask/base/temporary_folder.h"
#include "unmask/study/study.h"

namespace unmask {
namespace {

namespace fs = std::filesystem;
using testing::ElementsAre;
using testing::HasSubstr;

TEST(StudyFolder, BelongsToOnePlan) {
  const TemporaryFolder folder;
  const StudyPlan mine{.name = "mine"}, other{.name = "other"};
  StudyFolder(folder.path() / "a", mine).Make();
  EXPECT_NO_THROW(StudyFolder(folder.path() / "a", mine));
  EXPECT_THROW(StudyFolder(folder.path() / "a", other), Error);
  fs::create_directories(folder.path() / "b");
  std::ofstream(folder.path() / "b" / "letter.txt") << "x";
  EXPECT_THROW(StudyFolder(folder.path() / "b", mine), Error);
  EXPECT_THROW(StudyFolder(folder.path() / "b" / "letter.txt", mine), Error);
}

TEST(StudyFolder, FindsResultsMadeElsewhere) {
  const TemporaryFolder folder;
  const StudyPlan plan{.name = "mine", .finished = folder.path() / "kept"};
  const StudyFolder study(folder.path() / "study", plan);
  study.Make();
  fs::create_directories(plan.finished);
  const Cell cell{.quality = "c23", .loss = "softmax", .key = "0123456789abcdef"};
  EXPECT_EQ(study.FindResult(cell), "");
  const fs::path kept = plan.finished / "c23-softmax-all-seed1-0123456789abcdef.json";
  std::ofstream(kept) << "{}";
  EXPECT_EQ(study.FindResult(cell), kept);
  std::ofstream(study.NewResult(cell)) << "{}";
  EXPECT_EQ(study.FindResult(cell), study.NewResult(cell));
}

TEST(StudyFolder, TakesFiguresMadeElsewhere) {
  const TemporaryFolder folder;
  const StudyPlan plan{.name = "mine", .finished = folder.path() / "kept" / "results"};
  const StudyFolder study(folder.path() / "study", plan);
  study.Make();
  EXPECT_EQ(study.FindFigure("map.png"), "");
  fs::create_directories(folder.path() / "kept" / "figures");
  std::ofstream(folder.path() / "kept" / "figures" / "map.png") << "picture";
  EXPECT_EQ(study.FindFigure("map.png"), study.NewFigure("map.png"));
  std::string text;
  std::ifstream(study.NewFigure("map.png")) >> text;
  EXPECT_EQ(text, "picture");
}

class ChooseCellsTest : public testing::Test {
 protected:
  std::vector<int> Chosen(const StudyOptions& options) const {
    std::vector<int> numbers;
    for (const Cell& cell : ChooseCells(cells_, options)) numbers.push_back(cell.number);
    return numbers;
  }

  const std::vector<Cell> cells_ = CellsOf(
      {.losses = {"softmax", "arcface", "focal"}, .qualities = {"c23"}, .classes = {"X"}}, {});
};

TEST_F(ChooseCellsTest, ByNumberNameAndShard) {
  EXPECT_THAT(Chosen({}), ElementsAre(1, 2, 3));
  EXPECT_THAT(Chosen({.cells = {"3", "c23-softmax-all-seed1"}}), ElementsAre(1, 3));
  EXPECT_THAT(Chosen({.shard = 1, .shards = 2}), ElementsAre(1, 3));
  EXPECT_THAT(Chosen({.shard = 2, .shards = 2}), ElementsAre(2));
}

TEST_F(ChooseCellsTest, UnknownOnes) {
  EXPECT_THROW(Chosen({.cells = {"0"}}), UsageError);
  EXPECT_THROW(Chosen({.cells = {"4"}}), UsageError);
  try {
    Chosen({.cells = {"c23-softmx-all-seed1"}});
    FAIL();
  } catch (const UsageError& e) {
    EXPECT_THAT(e.what(), HasSubstr("c23-softmax-all-seed1"));
  }
}

}  // namespace
}  // namespace unmask
