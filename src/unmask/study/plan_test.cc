#include "unmask/study/plan.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>

#include "unmask/base/error.h"
#include "unmask/base/temporary_folder.h"
#include "unmask/study/cell.h"

namespace unmask {
namespace {

using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;

constexpr char kPlan[] = R"toml(
name = "try"
[data]
name = "clips"
root = "videos"
[prepare]
faces-per-track = 8
[matrix]
losses = ["softmax", "arcface"]
qualities = ["c23", "c40"]
classes = ["Deepfakes", "FaceSwap"]
cross-class-qualities = ["c40"]
seeds = [1, 7]
[train]
steps = 30
[loss-options.arcface]
margin = 0.3
[degradations.blur]
probability = 0.5
[fusion]
pairs = ["softmax+arcface"]
[figures]
embedding = ["arcface"]
)toml";

class PlanTest : public testing::Test {
 protected:
  StudyPlan Read(const std::string& text) {
    std::ofstream(file_) << text;
    return ReadStudyPlan(file_);
  }

  // kPlan with `old` replaced.
  StudyPlan ReadWith(const std::string& old, const std::string& replacement) {
    std::string text = kPlan;
    text.replace(text.find(old), old.size(), replacement);
    return Read(text);
  }

  std::string Complaint(const std::string& old, const std::string& replacement) {
    try {
      ReadWith(old, replacement);
    } catch (const Error& e) {
      return e.what();
    }
    return "none";
  }

  TemporaryFolder folder_;
  const std::filesystem::path file_ = folder_.path() / "plan.toml";
};

TEST_F(PlanTest, Reads) {
  const StudyPlan plan = Read(kPlan);
  EXPECT_EQ(plan.name, "try");
  EXPECT_EQ(plan.data_root, folder_.path() / "videos");
  EXPECT_THAT(plan.losses, ElementsAre("softmax", "arcface"));
  EXPECT_THAT(plan.seeds, ElementsAre(1, 7));
  EXPECT_EQ(plan.real_class, "real");
  EXPECT_EQ(plan.figure_quality, "c23");
  ASSERT_EQ(plan.fusion_pairs.size(), 1);
  EXPECT_EQ(plan.fusion_pairs[0].second, "arcface");
}

TEST_F(PlanTest, NamesLineAndKeyOfAMistake) {
  EXPECT_THAT(Complaint("losses =", "loses ="), AllOf(HasSubstr("line 9"), HasSubstr("losses")));
  EXPECT_THAT(Complaint("[\"softmax\", \"arcface\"]", "[]"), HasSubstr("must name one at least"));
  EXPECT_THAT(Complaint("[\"softmax\", \"arcface\"]", "[\"softmax\", \"softmax\"]"),
              HasSubstr("twice"));
  EXPECT_THAT(Complaint("[\"c40\"]", "[\"raw\"]"), HasSubstr("not in qualities"));
  EXPECT_THAT(Complaint("[1, 7]", "[1.5]"), HasSubstr("whole numbers"));
  EXPECT_THAT(Complaint("steps = 30", "seed = 3"), HasSubstr("decided by the study"));
  EXPECT_THAT(Complaint("[loss-options.arcface]", "[loss-options.center]"),
              HasSubstr("matrix.losses does not name"));
  EXPECT_THAT(Complaint("softmax+arcface", "softmax+focal"), HasSubstr("'focal'"));
  EXPECT_THAT(Complaint("embedding = [\"arcface\"]", "embedding = [\"focal\"]"),
              HasSubstr("'focal'"));
  EXPECT_THAT(Complaint("name = \"try\"", "name = \"../try\""), HasSubstr("letters, digits"));
  EXPECT_THAT(Complaint("root = \"videos\"", "root = \"v\"\nstores = [\"s\"]"),
              HasSubstr("one of them"));
}

TEST_F(PlanTest, ResamplesThatCouldShowNothing) {
  // One pair of losses: 2 / (1 − 0.99)
  EXPECT_EQ(Complaint("[fusion]", "[statistics]\nlevel = 0.99\nresamples = 200\n[fusion]"), "none");
  EXPECT_THAT(Complaint("[fusion]", "[statistics]\nlevel = 0.99\nresamples = 199\n[fusion]"),
              AllOf(HasSubstr("1 difference"), HasSubstr("Give 200 or more")));
}

TEST_F(PlanTest, FacesToExplain) {
  const StudyPlan plan = ReadWith("embedding = [\"arcface\"]", "explain-classes = [\"FaceSwap\"]");
  EXPECT_THAT(plan.explained_classes, ElementsAre("FaceSwap"));
  EXPECT_TRUE(plan.explained_files.empty());
  EXPECT_THAT(Complaint("embedding = [\"arcface\"]",
                        "explain-classes = [\"FaceSwap\"]\nexplain = [\"a\", \"b\"]"),
              HasSubstr("one file for each class"));
  EXPECT_THAT(Complaint("embedding = [\"arcface\"]", "explain-classes = [\"NeuralTextures\"]"),
              HasSubstr("'NeuralTextures'"));
}

TEST_F(PlanTest, CellsInTheOrderOfThePlan) {
  const StudyPlan plan = Read(kPlan);
  const std::vector<Cell> cells = CellsOf(plan, {{"c23", "f1"}, {"c40", "f2"}});
  ASSERT_EQ(cells.size(), 2 * 2 * 2 + 2 * 2 * 2);
  EXPECT_EQ(cells[0].name(), "c23-softmax-all-seed1");
  EXPECT_EQ(cells[1].name(), "c23-softmax-all-seed7");
  EXPECT_EQ(cells[4].name(), "c40-softmax-all-seed1");
  EXPECT_EQ(cells[8].name(), "c40-softmax-Deepfakes-seed1");
  EXPECT_EQ(cells[8].number, 9);
}

TEST_F(PlanTest, KeyHoldsWhatDeterminesTheTraining) {
  const std::map<std::string, std::string> data = {{"c23", "f1"}, {"c40", "f2"}};
  const std::vector<Cell> cells = CellsOf(Read(kPlan), data);
  std::set<std::string> keys;
  for (const Cell& cell : cells) keys.insert(cell.key);
  EXPECT_EQ(keys.size(), cells.size());
  const auto changed = [&](const std::string& old, const std::string& replacement) {
    const std::vector<Cell> others = CellsOf(ReadWith(old, replacement), data);
    std::string pattern;
    for (size_t i = 0; i < 4; ++i) pattern += others[i].key == cells[i].key ? "=" : "x";
    return pattern;
  };
  // softmax with two seeds, arcface with two seeds
  EXPECT_EQ(changed("steps = 30", "steps = 31"), "xxxx");
  EXPECT_EQ(changed("margin = 0.3", "margin = 0.4"), "==xx");
  EXPECT_EQ(changed("probability = 0.5", "probability = 0.6"), "xxxx");
  EXPECT_EQ(changed("name = \"try\"", "name = \"other\""), "====");
  EXPECT_EQ(changed("embedding = [\"arcface\"]", "embedding = []"), "====");
  EXPECT_NE(CellsOf(Read(kPlan), {{"c23", "f9"}})[0].key, cells[0].key);
  EXPECT_EQ(CellsOf(Read(kPlan), {})[0].key, "");
}

TEST_F(PlanTest, ConfigOfATraining) {
  const StudyPlan plan = Read(kPlan);
  const std::vector<Cell> cells = CellsOf(plan, {});
  const std::string arcface = TrainingConfig(plan, cells[10]);
  EXPECT_THAT(arcface, AllOf(HasSubstr("classes = [\"real\", \"Deepfakes\"]\n"),
                             HasSubstr("quality = \"c40\"\n"), HasSubstr("forgery = \"none\"\n"),
                             HasSubstr("\n[loss-options.arcface]\nmargin = 0.3\n"),
                             HasSubstr("\n[degradations.blur]\nprobability = 0.5\n")));
  EXPECT_THAT(TrainingConfig(plan, cells[0]), Not(HasSubstr("loss-options")));
}

TEST_F(PlanTest, ShippedPlans) {
  const StudyPlan paper = ReadStudyPlan(FindStudyPlan("paper"));
  EXPECT_EQ(CellsOf(paper, {}).size(), 24 + 32);
  EXPECT_EQ(paper.data_name, "FaceForensics++");
  EXPECT_EQ(CellsOf(ReadStudyPlan(FindStudyPlan("mini.toml")), {}).size(), 24 + 32);
  EXPECT_THAT(ReadStudyPlan(FindStudyPlan("smoke")).losses.size(), 2);
  try {
    FindStudyPlan("mimi");
    FAIL();
  } catch (const UsageError& e) {
    EXPECT_THAT(e.what(), AllOf(StartsWith("mimi"), HasSubstr("mini.toml")));
  }
}

}  // namespace
}  // namespace unmask
