#include "unmask/data/prepare.h"

#include <gmock/gmock.h>

#include <cstdlib>
#include <fstream>
#include <map>
#include <set>
#include <utility>

#include "unmask/base/error.h"
#include "unmask/base/temporary_folder.h"
#include "unmask/data/crop_store.h"
#include "unmask/data/crop_store_writer.h"
#include "unmask/face/track_stream.h"

namespace unmask {
namespace {

namespace fs = std::filesystem;
using testing::AllOf;
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

TEST(ManifestTest, IsReadAsItWasWritten) {
  const TemporaryFolder folder;
  const fs::path path = folder.path() / "list.csv";
  const std::vector<PrepareInput> written = {
      {.file = "/a, b \"c\".mp4", .identity = "Ann, B", .split = "val", .label = 0},
      {.file = "/#d.mp4", .identity = "d", .split = "", .label = -1},
      {.file = "/e.mp4", .identity = "e", .split = "test", .label = 1}};
  WriteManifest(path, written);
  const std::vector<PrepareInput> read = ReadManifest(path);
  ASSERT_EQ(read.size(), written.size());
  for (size_t i = 0; i < read.size(); ++i) {
    EXPECT_EQ(read[i].file, written[i].file);
    EXPECT_EQ(read[i].identity, written[i].identity);
    EXPECT_EQ(read[i].split, written[i].split);
    EXPECT_EQ(read[i].label, written[i].label);
  }
  EXPECT_THROW(WriteManifest(path, {{.file = "/a\nb.mp4"}}), Error);
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

TEST(ManifestTest, SpreadsheetsMarkAndDoubleColumns) {
  const TemporaryFolder folder;
  const fs::path path = folder.path() / "list.csv";
  std::ofstream(path) << "\xef\xbb\xbf"
                      << "file,label\na.mp4,real\n";
  EXPECT_EQ(ReadManifest(path).at(0).label, 0);
  std::ofstream(path) << "file,label,label\na.mp4,real,fake\n";
  EXPECT_THROW(ReadManifest(path), Error);
}

class PrepareTest : public testing::Test {
 protected:
  PrepareTest() { std::ofstream(folder_.path() / "text.mp4") << "not a video"; }
  std::string Refusal(const std::vector<PrepareInput>& inputs, const PrepareOptions& options) {
    try {
      Prepare(inputs, out_, options);
    } catch (const Error& e) {
      return e.what();
    }
    return "";
  }

  TemporaryFolder folder_;
  const fs::path out_ = folder_.path() / "out";
  const std::vector<PrepareInput> inputs_ = {
      {.file = kSamples / "suit.jpg", .identity = "S", .label = 0},
      {.file = folder_.path() / "text.mp4"},
      {.file = kSamples / "sample1.jpg", .identity = "", .split = "val"}};
  const PrepareOptions options_{.crop_size = 160, .single_face = true};
};

TEST_F(PrepareTest, WritesTheFacesAndReportsWhatFailed) {
  int64_t done = 0;
  const PrepareResult result = Prepare(inputs_, out_, options_, nullptr,
                                       [&](int64_t n, int64_t, const std::string&) { done = n; });
  EXPECT_EQ(done, 3);
  EXPECT_EQ(result.files_with_faces(), 2);
  EXPECT_EQ(result.faces(), 2);  // one of each picture
  ASSERT_EQ(result.files.size(), 3u);
  EXPECT_THAT(result.files[1].failure, HasSubstr("text.mp4"));
  const CropStore store = OpenCropStore(out_);
  ASSERT_EQ(store.records.size(), 2u);
  EXPECT_EQ(store.records[0].identity, "S");
  EXPECT_EQ(store.records[0].split, SplitOf("S"));
  EXPECT_EQ(store.records[1].split, "val");
  EXPECT_EQ(store.records[0].class_name, "real");
  EXPECT_EQ(store.records[1].label, -1);
  EXPECT_EQ(store.records[1].class_name, "");
  EXPECT_EQ(store.files[1].failure, result.files[1].failure);
  // The nose tip (mesh point 1) lies in the middle of the crop.
  const Point nose = store.MeshInCrop(store.records[0])[1];
  EXPECT_NEAR(nose.x, 80, 25);
  EXPECT_NEAR(nose.y, 80, 25);
}

TEST_F(PrepareTest, JobsAndShardsGiveTheSameFaces) {
  PrepareOptions options = options_;
  options.jobs = 1;
  Prepare(inputs_, out_, options);
  options.jobs = 3;
  Prepare(inputs_, folder_.path() / "jobs", options);
  EXPECT_EQ(ReadCropStoreInfo(out_).fingerprint,
            ReadCropStoreInfo(folder_.path() / "jobs").fingerprint);
  options.shards = 3;
  std::set<std::string> sources;
  int64_t faces = 0;
  for (options.shard = 1; options.shard <= 3; ++options.shard) {
    const fs::path shard = folder_.path() / std::to_string(options.shard);
    faces += Prepare(inputs_, shard, options).faces();  // the second has none
    for (const SourceFile& file : OpenCropStoreOrEmpty(shard).files) sources.insert(file.source);
  }
  EXPECT_EQ(faces, 2);
  EXPECT_EQ(sources.size(), 3u);
}

// Crops are packed beside the making of the next ones, where there are threads for it.
TEST_F(PrepareTest, AllFacesOfAVideoComeInOrderWhateverTheThreads) {
  const fs::path clip = folder_.path() / "clip.mp4";
  const std::string command = "ffmpeg -nostdin -v error -t 16 -i '" +
                              (kSamples / "franck.mp4").string() + "' -an -c copy '" +
                              clip.string() + "'";
  ASSERT_EQ(std::system(command.c_str()), 0) << command;
  PrepareOptions options = options_;
  options.faces_per_track = 0;
  std::set<std::string> fingerprints;
  for (const int threads : {1, 2, 5}) {
    options.threads = threads;
    const fs::path out = folder_.path() / std::to_string(threads);
    Prepare({{.file = clip, .label = 0}}, out, options);
    const CropStore store = OpenCropStore(out);
    ASSERT_GT(store.records.size(), 2u * kFacesPerPart) << threads;
    for (size_t i = 1; i < store.records.size(); ++i) {
      const auto place = [&](size_t k) {
        return std::pair(store.records[k].track, store.records[k].face.frame);
      };
      EXPECT_LT(place(i - 1), place(i)) << threads;
    }
    fingerprints.insert(store.info.fingerprint);
  }
  EXPECT_EQ(fingerprints.size(), 1u);
}

TEST_F(PrepareTest, AStoreThatIsBeingWrittenIsNotTakenAway) {
  PrepareOptions options = options_;
  options.overwrite = true;
  {
    const CropStoreWriter other(out_, {.crop_size = 32, .crop_scale = 1},
                                std::vector<SourceFile>(1));
    EXPECT_THAT(Refusal(inputs_, options), HasSubstr("is writing it"));
    EXPECT_TRUE(fs::exists(out_));
  }
  // A damaged one is.
  Prepare(inputs_, out_, options);
  fs::resize_file(out_, fs::file_size(out_) / 2);
  Prepare(inputs_, out_, options);
  EXPECT_EQ(OpenCropStore(out_).records.size(), 2u);
}

TEST_F(PrepareTest, NobodyIsInTwoSplitsNotEvenOfTwoShards) {
  std::vector<PrepareInput> inputs = inputs_;
  inputs[0].split = "test";
  inputs[2].identity = "S";
  PrepareOptions options = options_;
  options.shards = 3;
  for (options.shard = 1; options.shard <= 3; ++options.shard) {
    EXPECT_THAT(Refusal(inputs, options), AllOf(HasSubstr("'S' is in the splits 'val' and 'test'"),
                                                HasSubstr("sample1.jpg"), HasSubstr("suit.jpg")));
  }
  EXPECT_FALSE(fs::exists(out_));
}

TEST_F(PrepareTest, WhatWasDoneIsNotDoneAgain) {
  CancelToken cancel;
  PrepareOptions options = options_;
  options.jobs = 1;
  const auto stop = [&](int64_t done, int64_t, const std::string&) {
    if (done > 0) cancel.Cancel();
  };
  EXPECT_THROW(Prepare(inputs_, out_, options, &cancel, stop), Cancelled);
  EXPECT_THROW(OpenCropStore(out_), Error);
  PrepareResult result = Prepare(inputs_, out_, options);
  EXPECT_GE(result.done_before, 1);
  EXPECT_FALSE(result.was_finished);
  EXPECT_EQ(result.faces(), 2);
  result = Prepare(inputs_, out_, options);
  EXPECT_TRUE(result.was_finished);
  EXPECT_EQ(result.faces(), 2);
  options.crop_size = 96;
  EXPECT_THROW(Prepare(inputs_, out_, options), Error);
  options.overwrite = true;
  EXPECT_EQ(Prepare(inputs_, out_, options).done_before, 0);
  EXPECT_EQ(OpenCropStore(out_).info.crop_size, 96);
}

TEST_F(PrepareTest, AFileThatIsGivenTwiceIsTakenOnce) {
  std::vector<PrepareInput> twice(2, inputs_[0]);
  EXPECT_EQ(Prepare(twice, out_, options_).faces(), 1);
  twice[1].label = 1;
  EXPECT_THROW(Prepare(twice, folder_.path() / "other", options_), Error);
}

TEST_F(PrepareTest, NothingIsLeftWhenNothingWasFound) {
  EXPECT_THROW(Prepare({inputs_[1]}, out_, {}), Error);
  EXPECT_FALSE(fs::exists(out_));
  CancelToken cancel;
  cancel.Cancel();
  EXPECT_THROW(Prepare({inputs_[0]}, out_, {}, &cancel), Cancelled);
  EXPECT_EQ(std::distance(fs::directory_iterator(folder_.path()), fs::directory_iterator()), 1);
  EXPECT_THROW(Prepare({inputs_[0]}, out_, {.crop_size = 1}), UsageError);
  EXPECT_THROW(Prepare({inputs_[0]}, out_, {.shard = 3, .shards = 2}), UsageError);
}

}  // namespace
}  // namespace unmask
