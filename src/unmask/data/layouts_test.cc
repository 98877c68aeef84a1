#include <gmock/gmock.h>

#include <set>

#include "unmask/data/test_tree.h"

namespace unmask {
namespace {

using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;
using testing::Pair;

TEST(LayoutTableTest, EveryLayoutRefusesAnEmptyFolderSayingWhatItLookedFor) {
  const TestTree tree;
  std::set<std::string_view> names;
  for (const Layout& layout : Layouts()) {
    const std::string name(layout.name);
    EXPECT_TRUE(names.insert(layout.name).second) << name;
    EXPECT_FALSE(layout.summary.empty()) << name;
    const auto lacks = layout.reader.lacks(tree.root());
    ASSERT_FALSE(lacks.empty()) << name;
    EXPECT_THAT(tree.Refusal(name),
                AllOf(HasSubstr("not laid out as " + name), HasSubstr(lacks[0]),
                      HasSubstr(tree.root().string()), HasSubstr(std::string(layout.expects))));
  }
  EXPECT_EQ(RecogniseLayout(tree.root()), nullptr);
  EXPECT_THROW(FindLayout("ffp"), UsageError);
}

TEST(LayoutTableTest, OptionsALayoutDoesNotTakeAreRefused) {
  const TestTree tree;
  tree.Write("real/a.mp4");
  tree.Write("fake/b.mp4");
  EXPECT_THAT(tree.Refusal("folder", {.quality = "c23"}), HasSubstr("no qualities"));
  EXPECT_THAT(tree.Refusal("folder", {.own_split = true}), HasSubstr("no split by people"));
}

TEST(LayoutTableTest, RecognisedWhenExactlyOneFits) {
  const TestTree tree;
  tree.Write("real/a.mp4");
  EXPECT_EQ(RecogniseLayout(tree.root()), nullptr);
  tree.Write("fake/b.mp4");
  ASSERT_NE(RecogniseLayout(tree.root()), nullptr);
  EXPECT_EQ(RecogniseLayout(tree.root())->name, "folder");
  tree.Write("dataset.json", "{}");
  EXPECT_THROW(RecogniseLayout(tree.root()), UsageError);
}

TEST(FolderLayoutTest, TheFirstFolderBelowNamesTheClass) {
  const TestTree tree;
  tree.Write("real/deep/a.mp4");
  tree.Write("real/b.jpg");
  tree.Write("fake/a.mp4");
  tree.Write("fake/FaceSwap/x/c.mp4");
  tree.Write("fake/notes.txt");
  const std::string a = std::string(SplitOf("a")) + " a", b = std::string(SplitOf("b")) + " b",
                    c = std::string(SplitOf("c")) + " c";
  EXPECT_THAT(tree.Rows("folder"),
              ElementsAre(Pair("fake/FaceSwap/x/c.mp4", "FaceSwap 1 " + c),
                          Pair("fake/a.mp4", "fake 1 " + a), Pair("real/b.jpg", "real 0 " + b),
                          Pair("real/deep/a.mp4", "deep 0 " + a)));
}

TEST(FolderLayoutTest, ATableGoesFirst) {
  const TestTree tree;
  tree.Fill("clips", {"one, two.mp4", "b.mp4"});
  tree.Write("manifest.csv",
             "file,label,class,split,identity\n\"clips/one, two.mp4\",fake,\"the \"\"A\"\" one\","
             "val,kim\nclips/b.mp4,real,,,\nclips/gone.mp4,real,,,\n");
  EXPECT_THAT(tree.Rows("folder"),
              ElementsAre(Pair("clips/b.mp4", "real 0 " + std::string(SplitOf("b.mp4")) + " b.mp4"),
                          Pair("clips/one, two.mp4", "the \"A\" one 1 val kim")));
  EXPECT_THAT(tree.Notes("folder"), AllOf(HasSubstr("1 of 3 files is missing"),
                                          HasSubstr((tree.root() / "clips/gone.mp4").string())));
  tree.Write("manifest.csv",
             "file,split,identity\nclips/b.mp4,train,kim\n"
             "\"clips/one, two.mp4\",test,kim\n");
  EXPECT_THAT(tree.Refusal("folder"), AllOf(HasSubstr("'kim'"), HasSubstr("'train' and 'test'")));
  tree.Write("manifest.csv", "file,label\nclips/b.mp4,\"real\n");
  EXPECT_THAT(tree.Refusal("folder"), AllOf(HasSubstr("line 2"), HasSubstr("quote")));
}

class CelebDfTest : public testing::Test, protected TestTree {
 protected:
  CelebDfTest() {
    Fill("Celeb-real", {"id0_0000.mp4", "id1_0000.mp4", "id1_0007.mp4", "id2_0000.mp4"});
    Fill("YouTube-real", {"00170.mp4", "00171.mp4"});
    Fill("Celeb-synthesis", {"id1_id0_0007.mp4", "id2_id3_0000.mp4", "id2_id0_0000.mp4"});
    Write("List_of_testing_videos.txt",
          "1 YouTube-real/00170.mp4\r\n1 Celeb-real/id1_0007.mp4\r\n"
          "0 Celeb-synthesis/id1_id0_0007.mp4\r\n0 Celeb-synthesis/id5_id0_0001.mp4\r\n");
  }
};

TEST_F(CelebDfTest, TheListIsTheTestAndItsPeopleAreNowhereElse) {
  const auto rows = Rows("celeb-df");
  EXPECT_EQ(rows.at("YouTube-real/00170.mp4"), "YouTube-real 0 test celeb-df/youtube-00170");
  EXPECT_EQ(rows.at("Celeb-real/id1_0007.mp4"), "Celeb-real 0 test celeb-df/id1");
  EXPECT_EQ(rows.at("Celeb-synthesis/id1_id0_0007.mp4"), "Celeb-synthesis 1 test celeb-df/id1");
  for (const char* file :
       {"Celeb-real/id0_0000.mp4", "Celeb-real/id1_0000.mp4", "Celeb-synthesis/id2_id0_0000.mp4"}) {
    EXPECT_FALSE(rows.contains(file)) << file;
  }
  EXPECT_THAT(rows.at("Celeb-real/id2_0000.mp4"), Not(HasSubstr("test")));
  EXPECT_THAT(rows.at("YouTube-real/00171.mp4"), Not(HasSubstr("test")));
  EXPECT_THAT(Notes("celeb-df"),
              AllOf(HasSubstr("1 of 4 files is missing: Celeb-synthesis/id5_id0_0001.mp4"),
                    HasSubstr("3 files are left out, because they show people of the official")));
}

TEST_F(CelebDfTest, TheSplitOfOurOwnGoesByPeople) {
  std::map<std::string, std::string> splits;
  for (const PrepareInput& input :
       ListDataset(FindLayout("celeb-df"), root(), {.own_split = true}).inputs) {
    const std::string expected(SplitOf(input.identity));
    EXPECT_EQ(input.split, expected) << input.file;
  }
  EXPECT_EQ(Rows("celeb-df", {.split = "test"}).size(), 9u);
}

TEST_F(CelebDfTest, BrokenOrMissingListsAreRefused) {
  Write("List_of_testing_videos.txt", "0 Celeb-real/id1_0007.mp4\n");  // 1 is real
  EXPECT_THAT(Refusal("celeb-df"), AllOf(HasSubstr("List_of_testing_videos.txt"),
                                         HasSubstr("'0 Celeb-real/id1_0007.mp4'")));
  Remove("List_of_testing_videos.txt");
  EXPECT_THAT(Refusal("celeb-df"),
              AllOf(HasSubstr("List_of_testing_videos.txt: is missing"), HasSubstr("--own-split")));
}

TEST(DfdcTest, PartsWithMetadataAndLabels) {
  const TestTree tree;
  tree.Fill("train/dfdc_train_part_9", {"r.mp4", "f.mp4"});
  tree.Write("train/dfdc_train_part_9/metadata.json",
             R"({"r.mp4": {"label": "REAL", "split": "train", "original": null},
                 "f.mp4": {"label": "FAKE", "split": "train", "original": "r.mp4"},
                 "g.mp4": {"label": "FAKE", "split": "train", "original": "r.mp4"}})");
  tree.Write("dfdc_train_part_10/x.mp4");
  tree.Write("dfdc_train_part_10/metadata.json", R"({"x.mp4": {"label": "REAL"}})");
  tree.Write("test/videos/t.mp4");
  tree.Write("test/labels.csv", "filename,label\nt.mp4,1\n");
  EXPECT_THAT(tree.Rows("dfdc"),
              ElementsAre(Pair("dfdc_train_part_10/x.mp4", "real 0 train dfdc/x.mp4"),
                          Pair("test/videos/t.mp4", "fake 1 test dfdc/t.mp4"),
                          Pair("train/dfdc_train_part_9/f.mp4", "fake 1 val dfdc/r.mp4"),
                          Pair("train/dfdc_train_part_9/r.mp4", "real 0 val dfdc/r.mp4")));
  EXPECT_EQ(tree.Notes("dfdc"), "dfdc_train_part_9: 1 of 3 files is missing: g.mp4");
  // With validation videos, every part is for training.
  tree.Write("validation/v.mp4");
  tree.Write("validation/labels.csv", "filename,label\nv.mp4,0\n");
  EXPECT_EQ(tree.Rows("dfdc").at("validation/v.mp4"), "real 0 val dfdc/v.mp4");
  EXPECT_EQ(tree.Rows("dfdc").at("train/dfdc_train_part_9/f.mp4"), "fake 1 train dfdc/r.mp4");
  tree.Write("test/labels.csv", "filename,label\nt.mp4,FAKE\n");
  EXPECT_THAT(tree.Refusal("dfdc"), AllOf(HasSubstr("labels.csv"), HasSubstr("'t.mp4,FAKE'")));
}

TEST(DfdcTest, BrokenMetadataIsRefusedByName) {
  const TestTree tree;
  const std::string file = "dfdc_train_part_0/metadata.json";
  const auto refusal = [&](const std::string& text) {
    tree.Write(file, text);
    return tree.Refusal("dfdc");
  };
  EXPECT_THAT(refusal("{"), HasSubstr(file));
  EXPECT_THAT(refusal("[]"), AllOf(HasSubstr(file), HasSubstr("not an object")));
  EXPECT_THAT(refusal(R"({"a.mp4": {"label": "fake"}})"),
              AllOf(HasSubstr(file), HasSubstr("'a.mp4'"), HasSubstr("neither REAL nor FAKE")));
  EXPECT_THAT(refusal(R"({"a.mp4": {}})"), AllOf(HasSubstr(file), HasSubstr("'a.mp4'")));
  EXPECT_THAT(refusal(R"({"a.mp4": {"label": "FAKE", "split": "x"}})"), HasSubstr("split 'x'"));
}

TEST(DfdcPreviewTest, SetsAndPeople) {
  const TestTree tree;
  const std::string real = "original_videos/643049/643049_A_001.mp4";
  const std::string fake = "method_B/1260311/1260311_C/1255229_1260311_C_001.mp4";
  tree.Write(real);
  tree.Write(fake);
  tree.Write("dataset.json", "{\"" + real + R"(": {"label": "real", "set": "train",
             "augmentations": [], "target_id": "643049", "swapped_id": null}, ")" +
                                 fake +
                                 R"(": {"label": "fake", "set": "test", "augmentations": [],
             "target_id": "1260311", "swapped_id": "1255229"},
             "method_A/gone.mp4": {"label": "fake", "set": "train", "target_id": "1"}})");
  const auto rows = tree.Rows("dfdc-preview");
  EXPECT_EQ(rows.at(fake), "method_B 1 test dfdc-preview/1260311");
  EXPECT_THAT(rows.at(real), AllOf(HasSubstr("real 0 "), HasSubstr(" dfdc-preview/643049"),
                                   Not(HasSubstr("test"))));
  EXPECT_EQ(rows.size(), 2u);
  EXPECT_THAT(tree.Notes("dfdc-preview"), HasSubstr("1 of 3 files is missing: method_A/gone.mp4"));
  tree.Write("dataset.json", R"({"../a.mp4": {"label": "real", "set": "train"}})");
  EXPECT_THAT(tree.Refusal("dfdc-preview"), HasSubstr("not below the root"));
  tree.Write("dataset.json", R"({"a.mp4": {"label": "real", "set": "val"}})");
  EXPECT_THAT(tree.Refusal("dfdc-preview"), AllOf(HasSubstr("'a.mp4'"), HasSubstr("set 'val'")));
  // Somebody in both sets.
  tree.Write("dataset.json", "{\"" + real + R"(": {"label": "real", "set": "train",
             "target_id": "7"}, ")" +
                                 fake + R"(": {"label": "fake", "set": "test",
             "target_id": "7"}})");
  EXPECT_THAT(tree.Refusal("dfdc-preview"), HasSubstr("'dfdc-preview/7' is in the splits"));
}

TEST(DeeperForensicsTest, TargetsAreTheRealPart) {
  const TestTree tree;
  for (const char* variant : {"end_to_end", "end_to_end_level_1"}) {
    tree.Fill(std::string("manipulated_videos/") + variant, {"000_M101.mp4", "001_W010.mp4"});
  }
  tree.Remove("manipulated_videos/end_to_end_level_1/001_W010.mp4");
  tree.Write("lists/splits/train.txt", "000_M101.mp4\n");
  tree.Write("lists/splits/val.txt", "001_W010.mp4\n");
  tree.Write("lists/splits/test.txt", "");
  EXPECT_THAT(tree.Notes("deeperforensics"),
              AllOf(HasSubstr("no target_videos/"),
                    HasSubstr("end_to_end_level_1: 1 of 2 files is missing: 001_W010.mp4")));
  tree.Fill("target_videos", {"000.mp4", "001.mp4"});
  tree.Write("source_videos/M101/light_up/happy/camera_up/M101_light_up_happy_camera_up.mp4");
  const auto rows = tree.Rows("deeperforensics");
  EXPECT_EQ(rows.at("target_videos/000.mp4"), "real 0 train deeperforensics/M101");
  EXPECT_EQ(rows.at("manipulated_videos/end_to_end/001_W010.mp4"),
            "end_to_end 1 val deeperforensics/W010");
  EXPECT_EQ(rows.size(), 5u);
  tree.Write("lists/splits/test.txt", "000_M101.mp4\n");
  EXPECT_THAT(tree.Refusal("deeperforensics"),
              AllOf(HasSubstr("test.txt"), HasSubstr("already in train.txt")));
  tree.Write("lists/splits/test.txt", "nonsense\n");
  EXPECT_THAT(tree.Refusal("deeperforensics"), AllOf(HasSubstr("test.txt"), HasSubstr("nonsense")));
  tree.Remove("lists");
  EXPECT_THAT(tree.Refusal("deeperforensics"), HasSubstr("lists/splits/train.txt"));
}

TEST(DeeperForensicsTest, AnActorInTwoSplitsIsRefused) {
  const TestTree tree;
  tree.Fill("manipulated_videos/end_to_end", {"000_M101.mp4", "001_M101.mp4"});
  tree.Write("lists/splits/train.txt", "000_M101.mp4\n");
  tree.Write("lists/splits/val.txt", "001_M101.mp4\n");
  tree.Write("lists/splits/test.txt", "");
  EXPECT_THAT(tree.Refusal("deeperforensics"),
              HasSubstr("'deeperforensics/M101' is in the splits"));
}

TEST(FfiwTest, SourceIsRealAndTargetFake) {
  const TestTree tree;
  tree.Write("source/train/1.mp4");
  tree.Write("target/train/videos/1.mp4");
  tree.Write("source/val/1.mp4");
  tree.Write("target/val/1.mp4");
  EXPECT_THAT(tree.Rows("ffiw"),
              ElementsAre(Pair("source/train/1.mp4", "real 0 train ffiw/train/1"),
                          Pair("source/val/1.mp4", "real 0 val ffiw/val/1"),
                          Pair("target/train/videos/1.mp4", "fake 1 train ffiw/train/1"),
                          Pair("target/val/1.mp4", "fake 1 val ffiw/val/1")));
  EXPECT_THAT(tree.Notes("ffiw"), HasSubstr("source/test"));
  tree.Remove("source");
  EXPECT_THAT(tree.Refusal("ffiw"),
              AllOf(HasSubstr("no source/{train,val,test}/"), Not(HasSubstr("no target/"))));
}

TEST(WildDeepfakeTest, PicturesAreSpreadOverTheirSequences) {
  const TestTree tree;
  for (int i = 0; i < 12; ++i) {
    tree.Write("fake_test/3/fake/161/" + std::to_string(i) + ".png");
  }
  tree.Fill("real_train/extracted/7/real/2", {"0.png", "1.png", "readme.txt"});
  const auto rows = tree.Rows("wilddeepfake", {.pictures_per_sequence = 3});
  EXPECT_THAT(rows, testing::SizeIs(5));
  for (const char* number : {"2", "6", "10"}) {
    EXPECT_EQ(rows.at(std::string("fake_test/3/fake/161/") + number + ".png"),
              "fake 1 test wilddeepfake/fake_test/3");
  }
  EXPECT_THAT(rows.at("real_train/extracted/7/real/2/0.png"),
              AllOf(HasSubstr("real 0 "), HasSubstr("wilddeepfake/real_train/7")));
  EXPECT_THAT(tree.Rows("wilddeepfake"), testing::SizeIs(14));
  EXPECT_THAT(tree.Notes("wilddeepfake"), AllOf(HasSubstr("fake_train"), HasSubstr("unpacked")));
}

}  // namespace
}  // namespace unmask
