#include "unmask/data/prepare.h"

#include <gmock/gmock.h>

#include <fstream>
#include <map>

#include "unmask/base/error.h"
#include "unmask/base/temporary_folder.h"
#include "unmask/data/crop_store.h"

namespace unmask {
namespace {

namespace fs = std::filesystem;
using testing::HasSubstr;

const fs::path kSamples = fs::path(UNMASK_DEPS_DIR) / "samples";

TEST(ManifestTest, ColumnsMayComeInAnyOrder) {
  const TemporaryFolder folder;
  const fs::path path = folder.path() / "list.tsv";
  std::ofstream(path) << "# a remark\nlabel\tfile\tidentity\tnote\tfaces\tsplit\n"
                      << "real\ta b.mp4\tAnn\tx\t5\ttest\r\nfake\t/abs.png\n";
  const auto inputs = ReadManifest(path);
  ASSERT_EQ(inputs.size(), 2u);
  EXPECT_EQ(inputs[0].file, folder.path() / "a b.mp4");
  EXPECT_EQ(inputs[0].label, 0);
  EXPECT_EQ(inputs[0].identity, "Ann");
  EXPECT_EQ(inputs[0].faces, 5);
  EXPECT_EQ(inputs[0].split, "test");
  EXPECT_EQ(inputs[1].file, "/abs.png");
  EXPECT_EQ(inputs[1].label, 1);
}

TEST(ManifestTest, MistakesNameTheLine) {
  const TemporaryFolder folder;
  const fs::path path = folder.path() / "list.tsv";
  const auto refusal = [&](const std::string& text) {
    std::ofstream(path) << text;
    try {
      ReadManifest(path);
    } catch (const Error& e) {
      return std::string(e.what());
    }
    return std::string();
  };
  EXPECT_THAT(refusal("label\nreal\n"), HasSubstr("column 'file'"));
  EXPECT_THAT(refusal("file\tlabel\na\treal\nb\tgenuine\n"), HasSubstr("line 3"));
  EXPECT_THAT(refusal("file\tsplit\na\tx\n"), HasSubstr("line 2"));
  EXPECT_THAT(refusal("file\tfaces\na\t-1\n"), HasSubstr("line 2"));
  EXPECT_THAT(refusal("file\na\tb\n"), HasSubstr("more fields"));
  EXPECT_THAT(refusal("file\tlabel\n\treal\n"), HasSubstr("no file"));
  EXPECT_THAT(refusal("file\n"), HasSubstr("lists no file"));
}

TEST(SplitTest, SharesAreEightyTenTen) {
  std::map<std::string_view, int> count;
  for (int i = 0; i < 10000; ++i) ++count[SplitOf("person " + std::to_string(i))];
  EXPECT_NEAR(count["train"], 8000, 150);
  EXPECT_NEAR(count["val"], 1000, 120);
  EXPECT_NEAR(count["test"], 1000, 120);
  EXPECT_EQ(SplitOf("Ann"), SplitOf("Ann"));
}

TEST(PrepareTest, WritesTheFacesAndReportsWhatFailed) {
  const TemporaryFolder folder;
  std::ofstream(folder.path() / "text.mp4") << "not a video";
  const std::vector<PrepareInput> inputs = {
      {.file = kSamples / "suit.jpg", .identity = "S", .label = 0},
      {.file = folder.path() / "text.mp4"},
      {.file = kSamples / "sample1.jpg", .identity = "", .split = "val"}};
  int64_t done = 0;
  const PrepareResult result =
      Prepare(inputs, folder.path() / "out", {.crop_size = 160, .single_face = true}, nullptr,
              [&](int64_t n) { done = n; });
  EXPECT_EQ(done, 3);
  EXPECT_EQ(result.files, 2);
  EXPECT_EQ(result.faces, 2);  // one of each picture
  ASSERT_EQ(result.failures.size(), 1u);
  EXPECT_THAT(result.failures[0].cause, HasSubstr("text.mp4"));
  const CropStore store = OpenCropStore(folder.path() / "out");
  ASSERT_EQ(store.records.size(), 2u);
  EXPECT_EQ(store.records[0].identity, "S");
  EXPECT_EQ(store.records[0].split, SplitOf("S"));
  EXPECT_EQ(store.records[1].split, "val");
  EXPECT_EQ(store.records[0].class_name, "real");
  EXPECT_EQ(store.records[1].label, -1);
  EXPECT_EQ(store.records[1].class_name, "");
  // The nose tip (mesh point 1) lies in the middle of the crop.
  const Point nose = store.MeshInCrop(store.records[0])[1];
  EXPECT_NEAR(nose.x, 80, 25);
  EXPECT_NEAR(nose.y, 80, 25);
}

TEST(PrepareTest, NothingIsLeftWhenNothingWasFoundOrOnCancel) {
  const TemporaryFolder folder;
  std::ofstream(folder.path() / "text.mp4") << "not a video";
  const fs::path out = folder.path() / "out";
  EXPECT_THROW(Prepare({{.file = folder.path() / "text.mp4"}}, out, {}), Error);
  EXPECT_FALSE(fs::exists(out));
  CancelToken cancel;
  const std::vector<PrepareInput> twice(2, {.file = kSamples / "suit.jpg"});
  EXPECT_THROW(Prepare(twice, out, {}, &cancel, [&](int64_t) { cancel.Cancel(); }), Cancelled);
  EXPECT_EQ(std::distance(fs::directory_iterator(folder.path()), fs::directory_iterator()), 1);
  EXPECT_THROW(Prepare(twice, out, {.crop_size = 1}), UsageError);
}

}  // namespace
}  // namespace unmask
