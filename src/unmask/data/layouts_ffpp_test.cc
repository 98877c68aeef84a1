#include <gmock/gmock.h>

#include "unmask/data/test_tree.h"

namespace unmask {
namespace {

using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;
using testing::Pair;
using testing::SizeIs;

constexpr const char* kReal = "original_sequences/youtube/c23/videos";

std::string Fake(const std::string& method) {
  return "manipulated_sequences/" + method + "/c23/videos";
}

// Three pairs, one in each split, real and as Deepfakes.
class FfppTest : public testing::Test, protected TestTree {
 protected:
  FfppTest() {
    Fill(kReal, {"071.mp4", "054.mp4", "720.mp4", "672.mp4", "953.mp4", "974.mp4"});
    Fill(Fake("Deepfakes"), {"071_054.mp4", "054_071.mp4", "720_672.mp4", "672_720.mp4",
                             "953_974.mp4", "974_953.mp4"});
    Write("train.json", R"([["071", "054"]])");
    Write("val.json", R"([["720", "672"]])");
    Write("test.json", R"([["953", "974"]])");
  }
};

TEST_F(FfppTest, EveryVideoOfAPairHasItsSplitAndIdentity) {
  const std::map<std::string, std::string> rows = Rows("ffpp");
  EXPECT_THAT(rows, SizeIs(12));
  EXPECT_EQ(rows.at(std::string(kReal) + "/071.mp4"), "real 0 train ffpp/054_071");
  EXPECT_EQ(rows.at(std::string(kReal) + "/054.mp4"), "real 0 train ffpp/054_071");
  EXPECT_EQ(rows.at(Fake("Deepfakes") + "/071_054.mp4"), "Deepfakes 1 train ffpp/054_071");
  EXPECT_EQ(rows.at(Fake("Deepfakes") + "/054_071.mp4"), "Deepfakes 1 train ffpp/054_071");
  EXPECT_EQ(rows.at(Fake("Deepfakes") + "/672_720.mp4"), "Deepfakes 1 val ffpp/672_720");
  EXPECT_EQ(rows.at(Fake("Deepfakes") + "/974_953.mp4"), "Deepfakes 1 test ffpp/953_974");
  for (const PrepareInput& input : ListDataset(FindLayout("ffpp"), root(), {}).inputs) {
    EXPECT_EQ(input.quality, "c23");
  }
}

TEST_F(FfppTest, WhatIsMissingIsNoted) {
  Remove(Fake("Deepfakes") + "/054_071.mp4");
  Write(Fake("Deepfakes") + "/001_870.mp4");
  EXPECT_THAT(Notes("ffpp"),
              AllOf(HasSubstr("Deepfakes in c23: 1 of 6 files is missing: 054_071.mp4"),
                    HasSubstr("Deepfakes in c23: 1 file is left out, because the official lists "
                              "do not name them: 001_870.mp4"),
                    HasSubstr("no NeuralTextures in c23: there is no folder"),
                    Not(HasSubstr("real in c23"))));
  EXPECT_THAT(Rows("ffpp"), SizeIs(11));
  // Not of classes nobody asked for.
  EXPECT_EQ(Notes("ffpp", {.classes = {"real"}}), "");
}

TEST_F(FfppTest, ClassesAreChosen) {
  Fill(Fake("FaceSwap"), {"071_054.mp4"});
  EXPECT_THAT(
      Rows("ffpp", {.classes = {"FaceSwap"}}),
      ElementsAre(Pair(Fake("FaceSwap") + "/071_054.mp4", "FaceSwap 1 train ffpp/054_071")));
  EXPECT_THAT(Refusal("ffpp", {.classes = {"real", "Face2Face"}}),
              AllOf(HasSubstr("'Face2Face'"), HasSubstr("there is no folder")));
  EXPECT_THAT(Refusal("ffpp", {.classes = {"FaceSwop"}}), HasSubstr("Did you mean 'FaceSwap'?"));
}

TEST_F(FfppTest, AQualityMustBeChosenWhereThereAreSeveral) {
  const std::string raw = "original_sequences/youtube/raw/videos";
  Fill(raw, {"071.mp4"});
  EXPECT_THAT(Refusal("ffpp"), AllOf(HasSubstr("raw, c23"), HasSubstr("--quality")));
  EXPECT_THAT(Rows("ffpp", {.quality = "raw"}),
              ElementsAre(Pair(raw + "/071.mp4", "real 0 train ffpp/054_071")));
  EXPECT_THAT(Refusal("ffpp", {.quality = "c40"}), HasSubstr("holds no quality 'c40'"));
}

TEST_F(FfppTest, ListsMayLieInSplitsOrElsewhere) {
  for (const std::string list : {"train.json", "val.json", "test.json"}) {
    std::filesystem::create_directories(root() / "splits");
    std::filesystem::rename(root() / list, root() / "splits" / list);
  }
  EXPECT_THAT(Rows("ffpp"), SizeIs(12));
  std::filesystem::rename(root() / "splits", root() / "elsewhere");
  EXPECT_THAT(Refusal("ffpp"),
              AllOf(HasSubstr("train.json"), HasSubstr((root() / "splits").string()),
                    HasSubstr("--splits")));
  EXPECT_THAT(Rows("ffpp", {.splits = root() / "elsewhere"}), SizeIs(12));
}

TEST_F(FfppTest, BrokenListsAreRefusedByName) {
  Write("val.json", "[[\"720\", ");
  EXPECT_THAT(Refusal("ffpp"), HasSubstr("val.json"));
  Write("val.json", R"({"720": "672"})");
  EXPECT_THAT(Refusal("ffpp"), AllOf(HasSubstr("val.json"), HasSubstr("list of pairs")));
  Write("val.json", R"([["720", "672", "001"]])");
  EXPECT_THAT(Refusal("ffpp"), AllOf(HasSubstr("val.json"), HasSubstr("3 names")));
  Write("val.json", R"([["720", "071"]])");
  EXPECT_THAT(Refusal("ffpp"),
              AllOf(HasSubstr("val.json"), HasSubstr("'071'"), HasSubstr("already in train.json")));
  Remove("val.json");
  EXPECT_THAT(Refusal("ffpp"), HasSubstr("val.json"));
}

TEST_F(FfppTest, OneSplitForAll) {
  for (const auto& [file, row] : Rows("ffpp", {.split = "test"})) {
    EXPECT_THAT(row, HasSubstr(" test "));
  }
}

TEST_F(FfppTest, AWrongFolderSaysWhatWasLookedFor) {
  Remove("original_sequences");
  Remove("manipulated_sequences");
  EXPECT_THAT(Refusal("ffpp"),
              AllOf(HasSubstr("not laid out as ffpp"), HasSubstr("original_sequences/youtube"),
                    HasSubstr("manipulated_sequences/Deepfakes")));
  Fill("original_sequences/youtube/videos", {"071.mp4"});
  EXPECT_THAT(Refusal("ffpp"), HasSubstr("{raw,c23,c40}/videos"));
}

TEST(DeepFakeDetectionTest, ActorsDoNotStraddleSplits) {
  const TestTree tree;
  const std::string real = "original_sequences/actors/c40/videos/";
  const std::string fake = "manipulated_sequences/DeepFakeDetection/c40/videos/";
  tree.Write(real + "01__exit_phone_room.mp4");
  tree.Write(real + "21__exit_phone_room.mp4");
  tree.Write(fake + "01_20__exit_phone_room__YVGY8LOK.mp4");
  tree.Write(fake + "25_28__walking__ABCDEFGH.mp4");
  tree.Write(fake + "01_21__walking__ABCDEFGH.mp4");
  tree.Write(fake + "strange.mp4");
  EXPECT_THAT(
      tree.Rows("ffpp"),  // needs no official list
      ElementsAre(
          Pair(fake + "01_20__exit_phone_room__YVGY8LOK.mp4", "DeepFakeDetection 1 train dfd/01"),
          Pair(fake + "25_28__walking__ABCDEFGH.mp4", "DeepFakeDetection 1 test dfd/25"),
          Pair(real + "01__exit_phone_room.mp4", "actors 0 train dfd/01"),
          Pair(real + "21__exit_phone_room.mp4", "actors 0 val dfd/21")));
  EXPECT_THAT(tree.Notes("ffpp"),
              AllOf(HasSubstr("people of two splits: 01_21__walking__ABCDEFGH.mp4"),
                    HasSubstr("strange.mp4")));
  EXPECT_THAT(tree.Rows("ffpp", {.split = "test"}), SizeIs(5));
}

}  // namespace
}  // namespace unmask
