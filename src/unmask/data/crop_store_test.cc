#include "unmask/data/crop_store.h"

#include <gmock/gmock.h>

#include <atomic>
#include <fstream>
#include <limits>
#include <string>
#include <thread>
#include <vector>

#include "unmask/base/error.h"
#include "unmask/base/temporary_folder.h"
#include "unmask/data/crop_store_check.h"
#include "unmask/data/crop_store_database.h"
#include "unmask/data/crop_store_merge.h"
#include "unmask/data/crop_store_sheet.h"
#include "unmask/data/crop_store_writer.h"

namespace unmask {
namespace {

namespace fs = std::filesystem;
using testing::AllOf;
using testing::HasSubstr;

AlignedFace SomeFace(int number = 0) {
  AlignedFace face;
  face.face.frame = 12 + number;
  face.face.time = 0.5;
  face.face.box = {1, 2, 30, 40};
  face.face.confidence = 0.75f;
  for (size_t i = 0; i < face.face.points.size(); ++i) face.face.points[i] = {1.0f * i, 5};
  face.face.mesh.assign(kMeshSize, Point{10.25f, 20.5f});
  face.crop = Image(32, 32);
  for (size_t i = 0; i < face.crop.data.size(); ++i) {
    face.crop.data[i] = static_cast<uint8_t>(i * 7 + number);
  }
  face.crop_from_frame = {2, 0.5, 3, 4};
  return face;
}

std::vector<SourceFile> SomeFiles(const std::string& prefix = "") {
  const auto file = [&](const std::string& name, int label, const std::string& class_name) {
    return SourceFile{.source = prefix + name,
                      .identity = prefix + "Ann",
                      .split = "val",
                      .label = label,
                      .class_name = class_name,
                      .quality = "c40",
                      .failure = "",
                      .remedy = ""};
  };
  return {file("a clip.mp4", 0, "real"), file("empty.mp4", 0, "real"),
          file("fake.mp4", 1, "Deepfakes")};
}

class CropStoreTest : public testing::Test {
 protected:
  // Two faces of the first file, none of the second, one of the third.
  void Write(const fs::path& path, const std::vector<SourceFile>& files = SomeFiles(),
             const std::string& failure = "") {
    CropStoreWriter writer(path, kInfo, files);
    writer.Add(0, PackFace(SomeFace(0), 3));
    writer.Add(0, PackFace(SomeFace(1), 3));
    writer.EndFile(0, 1, failure, "");
    writer.EndFile(1, 0, "", "");
    writer.Add(2, PackFace(SomeFace(2), 1));
    writer.EndFile(2, 1, "", "");
    writer.Finish();
  }
  void Change(const std::string& sql) const { Database(store_, Database::Mode::kWrite).Run(sql); }
  template <typename Action>
  static std::string Refusal(const Action& action) {
    try {
      action();
    } catch (const Error& e) {
      return e.what();
    }
    return "";
  }
  std::string OpenRefusal() const {
    return Refusal([&] { OpenCropStore(store_); });
  }

  const CropStoreInfo kInfo{.crop_size = 32,
                            .crop_scale = 1.7,
                            .program_version = "",
                            .fingerprint = "",
                            .settings = {{"faces-per-track", "16"}}};
  TemporaryFolder folder_;
  fs::path store_ = folder_.path() / "a store #1?%20";
};

TEST_F(CropStoreTest, RoundTrip) {
  Write(store_);
  const CropStore store = OpenCropStore(store_);
  EXPECT_EQ(store.info.crop_size, 32);
  EXPECT_EQ(store.info.crop_scale, 1.7);
  EXPECT_EQ(store.info.settings, kInfo.settings);
  ASSERT_EQ(store.records.size(), 3u);
  ASSERT_EQ(store.files.size(), 3u);
  EXPECT_EQ(store.files[0].faces, 2);
  EXPECT_EQ(store.files[0].tracks, 1);
  EXPECT_EQ(store.files[1].faces, 0);
  EXPECT_EQ(store.files[1].failure, "");
  const CropRecord& record = store.records[1];
  EXPECT_EQ(record.source, "a clip.mp4");
  EXPECT_EQ(record.identity, "Ann");
  EXPECT_EQ(record.split, "val");
  EXPECT_EQ(record.label, 0);
  EXPECT_EQ(record.class_name, "real");
  EXPECT_EQ(record.quality, "c40");
  EXPECT_EQ(record.track, 3);
  EXPECT_EQ(record.face.frame, 13);
  EXPECT_EQ(record.face.time, 0.5);
  EXPECT_EQ(record.face.box.y1, 40);
  EXPECT_EQ(record.face.confidence, 0.75f);
  EXPECT_EQ(record.face.points[4].x, 4);
  EXPECT_TRUE(record.face.mesh.empty());                          // it stays on the disk
  EXPECT_EQ(store.ReadCrop(record).data, SomeFace(1).crop.data);  // lossless
  // (2·10.25 − 0.5·20.5 + 3, 0.5·10.25 + 2·20.5 + 4)
  const Point p = store.MeshInCrop(record)[7];
  EXPECT_FLOAT_EQ(p.x, 13.25f);
  EXPECT_FLOAT_EQ(p.y, 50.125f);
}

TEST_F(CropStoreTest, ManyThreadsReadAtOnce) {
  Write(store_);
  const CropStore store = OpenCropStore(store_);
  std::atomic<int> wrong{0};
  {
    std::vector<std::jthread> threads;
    for (int t = 0; t < 4; ++t) {
      threads.emplace_back([&, t] {
        for (int i = t; i < 200; ++i) {
          const CropRecord& record = store.records[static_cast<size_t>(i % 3)];
          const auto number = static_cast<int>(record.face.frame) - 12;
          if (store.ReadCrop(record).data != SomeFace(number).crop.data) ++wrong;
          if (store.MeshInCrop(record).size() != kMeshSize) ++wrong;
        }
      });
    }
  }
  EXPECT_EQ(wrong, 0);
}

TEST_F(CropStoreTest, AnUnfinishedStoreGoesOnAndIsNotRead) {
  {
    CropStoreWriter writer(store_, kInfo, SomeFiles());
    writer.Add(0, PackFace(SomeFace(0), 3));
    writer.Add(0, PackFace(SomeFace(1), 3));
    writer.EndFile(0, 1, "", "");
    writer.Add(2, PackFace(SomeFace(2), 1));  // of a file that is not ended
  }
  EXPECT_THAT(OpenRefusal(), HasSubstr("not finished"));
  {
    CropStoreWriter writer(store_, kInfo, SomeFiles());
    EXPECT_FALSE(writer.finished());
    EXPECT_EQ(writer.done(), 1);
    EXPECT_TRUE(writer.IsDone(0));
    EXPECT_FALSE(writer.IsDone(2));
    EXPECT_EQ(writer.files()[0].faces, 2);
    writer.EndFile(1, 0, "", "");
    writer.Add(2, PackFace(SomeFace(2), 1));
    writer.EndFile(2, 1, "", "");
    writer.Finish();
  }
  Write(folder_.path() / "at once");
  const CropStore store = OpenCropStore(store_);
  EXPECT_EQ(store.records.size(), 3u);
  EXPECT_EQ(store.info.fingerprint, OpenCropStore(folder_.path() / "at once").info.fingerprint);
  EXPECT_TRUE(CropStoreWriter(store_, kInfo, SomeFiles()).finished());
  EXPECT_EQ(OpenCropStore(store_).records.size(), 3u);
}

TEST_F(CropStoreTest, AJournalThatIsDoneWithMeansNothing) {
  Write(store_);
  const fs::path journal = fs::path(store_) += "-journal";
  std::ofstream(journal) << std::string(512, '\0');  // left by a kill after the last commit
  EXPECT_EQ(OpenCropStore(store_).records.size(), 3u);
  std::ofstream(journal) << "\xd9\xd5\x05\xf9";  // by one within a commit
  EXPECT_THAT(OpenRefusal(), HasSubstr("not finished"));
}

TEST_F(CropStoreTest, NoFaceCountsTwice) {
  Write(store_);
  const fs::path copy = folder_.path() / "copy", other = folder_.path() / "other";
  fs::copy_file(store_, copy);
  Write(other, SomeFiles("other "));
  EXPECT_EQ(OpenCropStores({store_, other}).size(), 2u);
  EXPECT_THAT(Refusal([&] {
                OpenCropStores({store_, other, copy});
              }),
              AllOf(HasSubstr(copy.string() + ": holds the same faces as"), HasSubstr(store_)));
  EXPECT_THAT(Refusal([&] { OpenCropStores({store_, store_}); }), HasSubstr("given twice"));
}

TEST_F(CropStoreTest, NothingIsLeftWhereNothingWasDone) {
  CropStoreWriter(store_, kInfo, SomeFiles()).Add(0, PackFace(SomeFace(), 1));
  EXPECT_TRUE(fs::is_empty(folder_.path()));
}

TEST_F(CropStoreTest, WhatItWasBegunWithIsHeldTo) {
  CropStoreWriter(store_, kInfo, SomeFiles()).EndFile(0, 0, "", "");
  const auto refusal = [&](CropStoreInfo info, std::vector<SourceFile> files) {
    return Refusal([&] { CropStoreWriter(store_, info, files); });
  };
  CropStoreInfo info = kInfo;
  info.crop_size = 48;
  EXPECT_THAT(refusal(info, SomeFiles()), HasSubstr("--crop-size was 32, is now 48"));
  info = kInfo;
  info.settings[0].second = "4";
  EXPECT_THAT(refusal(info, SomeFiles()), HasSubstr("--faces-per-track was 16, is now 4"));
  info = kInfo;
  info.settings.emplace_back("shard", "1/2");
  EXPECT_THAT(refusal(info, SomeFiles()), HasSubstr("--shard was not given, is now 1/2"));
  std::vector<SourceFile> files = SomeFiles();
  files[1].label = 1;
  EXPECT_THAT(refusal(kInfo, files), HasSubstr("label of empty.mp4 was 'real', is now 'fake'"));
  files = SomeFiles();
  files.push_back(files[0]);
  files.back().source = "new.mp4";
  EXPECT_THAT(refusal(kInfo, files), HasSubstr("1 file more, such as new.mp4"));
  files = SomeFiles();
  files.erase(files.begin());
  EXPECT_THAT(refusal(kInfo, files), HasSubstr("1 file less, such as a clip.mp4"));
  files = SomeFiles();
  std::swap(files[0], files[2]);
  EXPECT_THAT(refusal(kInfo, files), HasSubstr("another order"));
}

TEST_F(CropStoreTest, AFailedFileHasNoFaces) {
  Write(store_, SomeFiles(), "broken off");
  const CropStore store = OpenCropStore(store_);
  EXPECT_EQ(store.records.size(), 1u);
  EXPECT_EQ(store.files[0].faces, 0);
  EXPECT_EQ(store.files[0].failure, "broken off");
  EXPECT_TRUE(CheckCropStore(store_).faults.empty());
}

TEST_F(CropStoreTest, WhatIsNoStoreIsRefusedAndLeftAlone) {
  EXPECT_THAT(OpenRefusal(), HasSubstr("does not exist"));
  std::ofstream(store_) << "precious";
  EXPECT_THAT(OpenRefusal(), HasSubstr("is not a store"));
  EXPECT_THAT(Refusal([&] { Write(store_); }), HasSubstr("is not a store"));
  EXPECT_EQ(fs::file_size(store_), 8u);
  fs::remove(store_);
  Database(store_, Database::Mode::kCreate).Run("CREATE TABLE mine(x)");
  EXPECT_THAT(Refusal([&] { Write(store_); }), HasSubstr("is not a store"));
  EXPECT_THAT(Refusal([&] { Write(folder_.path()); }), HasSubstr("is a folder"));
  std::ofstream(folder_.path() / "store.json") << "{}";
  EXPECT_THAT(Refusal([&] { OpenCropStore(folder_.path()); }), HasSubstr("earlier version"));
}

TEST_F(CropStoreTest, DamageIsFoundAndNamed) {
  Write(store_);
  EXPECT_TRUE(CheckCropStore(store_).faults.empty());
  Change("UPDATE crops SET picture = x'52494646' WHERE id = 1");
  const CropStore store = OpenCropStore(store_);
  EXPECT_THAT(Refusal([&] { store.ReadCrop(store.records[1]); }), HasSubstr("frame 13"));
  Change("UPDATE crops SET mesh = zeroblob(8) WHERE id = 0");
  Change("UPDATE files SET faces = 5 WHERE id = 2; UPDATE files SET split = 'test' WHERE id = 1");
  Change("INSERT INTO crops SELECT 7, mesh, picture FROM crops WHERE id = 0");
  StoreCheck check = CheckCropStore(store_);
  EXPECT_EQ(check.faults.size(), 5u);
  const std::string all = testing::PrintToString(check.faults);
  EXPECT_THAT(all, HasSubstr("fake.mp4: has 1 face, and should have 5"));
  EXPECT_THAT(all, HasSubstr("'val' and 'test'"));
  EXPECT_THAT(all, HasSubstr("1 crop without a face"));
  EXPECT_THAT(all, HasSubstr("1 landmarks, not 468"));
  EXPECT_THAT(all, HasSubstr("damaged"));
  Change("UPDATE faces SET blur = 9e999 WHERE id = 0; UPDATE crops SET mesh = zeroblob(3744)");
  check = CheckCropStore(store_);
  EXPECT_THAT(testing::PrintToString(check.faults), HasSubstr("not finite"));
  Change("DELETE FROM crops WHERE id = 0");
  EXPECT_THAT(testing::PrintToString(CheckCropStore(store_).faults), HasSubstr("missing"));
  Change("UPDATE faces SET points = x'00' WHERE id = 0");
  EXPECT_THAT(OpenRefusal(), HasSubstr("face 0: it has 0 landmarks, not 5"));
  Change("DROP TABLE faces");
  EXPECT_THAT(OpenRefusal(), HasSubstr("damaged"));
  Change("UPDATE store SET crop_size = 0");
  EXPECT_THAT(OpenRefusal(), HasSubstr("how large"));
  Change("PRAGMA user_version = 9");
  EXPECT_THAT(OpenRefusal(), HasSubstr("format 9"));
}

TEST_F(CropStoreTest, ATruncatedStoreIsRefusedOrFoundDamaged) {
  Write(store_);
  fs::resize_file(store_, fs::file_size(store_) / 2);
  std::string said = Refusal([&] {
    const StoreCheck check = CheckCropStore(store_);
    if (!check.faults.empty()) throw Error(check.faults[0]);
  });
  EXPECT_THAT(said, HasSubstr("damaged"));
}

TEST_F(CropStoreTest, FacesThatAreNotFiniteAreRefused) {
  AlignedFace face = SomeFace();
  face.face.mesh[3].x = std::numeric_limits<float>::quiet_NaN();
  EXPECT_THROW(PackFace(face, 1), Error);
  face = SomeFace();
  face.face.mesh.pop_back();
  EXPECT_THROW(PackFace(face, 1), Error);
}

TEST_F(CropStoreTest, MergedStoresHoldAllFiles) {
  const fs::path a = folder_.path() / "a", b = folder_.path() / "b", out = folder_.path() / "out";
  Write(a, SomeFiles());
  std::vector<SourceFile> others = SomeFiles("b/");
  Write(b, others);
  const StoreMerge merge = MergeCropStores({a, b}, out);
  EXPECT_EQ(merge.files, 6);
  EXPECT_EQ(merge.faces, 6);
  const CropStore store = OpenCropStore(out);
  EXPECT_EQ(store.records.size(), 6u);
  EXPECT_EQ(store.files[3].source, "b/a clip.mp4");
  EXPECT_EQ(store.records[4].source, "b/a clip.mp4");
  EXPECT_EQ(store.ReadCrop(store.records[4]).data, SomeFace(1).crop.data);
  EXPECT_TRUE(CheckCropStore(out).faults.empty());
  EXPECT_THAT(Refusal([&] { MergeCropStores({a, b}, out); }), HasSubstr("exists"));
  EXPECT_THAT(Refusal([&] { MergeCropStores({a, a}, out.string() + "2"); }), HasSubstr("is in"));
  EXPECT_EQ(std::distance(fs::directory_iterator(folder_.path()), fs::directory_iterator()), 3);
}

TEST_F(CropStoreTest, MergingPrefersTheStoreThatCouldReadAFile) {
  const fs::path a = folder_.path() / "a", b = folder_.path() / "b", out = folder_.path() / "out";
  Write(a, SomeFiles(), "broken off");
  CropStoreWriter writer(b, kInfo, {SomeFiles()[0]});
  writer.Add(0, PackFace(SomeFace(5), 1));
  writer.EndFile(0, 1, "", "");
  writer.Finish();
  EXPECT_EQ(MergeCropStores({a, b}, out).files, 3);
  const CropStore store = OpenCropStore(out);
  EXPECT_EQ(store.records.size(), 2u);
  for (const SourceFile& file : store.files) EXPECT_EQ(file.failure, "");
  EXPECT_TRUE(CheckCropStore(out).faults.empty());
}

TEST_F(CropStoreTest, ASheetShowsEveryClass) {
  Write(store_);
  const Image sheet = StoreSheet(OpenCropStore(store_), {.columns = 3, .rows = 1, .side = 40});
  EXPECT_EQ(sheet.width, 4 + 3 * 44);
  EXPECT_EQ(sheet.height, 4 + 2 * (34 + 44));
  EXPECT_THROW(StoreSheet(OpenCropStore(store_), {.columns = 0}), UsageError);
}

}  // namespace
}  // namespace unmask
