#include "unmask/data/crop_store.h"

#include <gmock/gmock.h>

#include <fstream>

#include "unmask/base/error.h"
#include "unmask/base/temporary_folder.h"

namespace unmask {
namespace {

namespace fs = std::filesystem;
using testing::HasSubstr;

AlignedFace SomeFace() {
  AlignedFace face;
  face.face.frame = 12;
  face.face.time = 0.5;
  face.face.box = {1, 2, 30, 40};
  face.face.confidence = 0.75f;
  for (size_t i = 0; i < face.face.points.size(); ++i) face.face.points[i] = {1.0f * i, 5};
  face.face.mesh.assign(kMeshSize, Point{10.25f, 20.5f});
  face.crop = Image(32, 32);
  for (size_t i = 0; i < face.crop.data.size(); ++i) face.crop.data[i] = static_cast<uint8_t>(i);
  face.crop_from_frame = {2, 0.5, 3, 4};
  return face;
}

class CropStoreTest : public testing::Test {
 protected:
  void Write() {
    CropStoreWriter writer(store_, {.crop_size = 32, .crop_scale = 1.7});
    CropRecord record;
    record.source = "a clip.mp4";
    record.identity = "Ann";
    record.split = "val";
    record.label = 0;
    record.class_name = "real";
    record.quality = "c40";
    record.track = 3;
    writer.Add(SomeFace(), record);
    writer.Add(SomeFace(), record);
    writer.Finish();
  }
  std::string Refusal() {
    try {
      OpenCropStore(store_);
    } catch (const Error& e) {
      return e.what();
    }
    return "";
  }

  TemporaryFolder folder_;
  fs::path store_ = folder_.path() / "store";
};

TEST_F(CropStoreTest, RoundTrip) {
  Write();
  const CropStore store = OpenCropStore(store_);
  EXPECT_EQ(store.info.crop_size, 32);
  EXPECT_EQ(store.info.crop_scale, 1.7);
  ASSERT_EQ(store.records.size(), 2u);
  const CropRecord& record = store.records[1];
  EXPECT_EQ(record.source, "a clip.mp4");
  EXPECT_EQ(record.identity, "Ann");
  EXPECT_EQ(record.split, "val");
  EXPECT_EQ(record.label, 0);
  EXPECT_EQ(record.class_name, "real");
  EXPECT_EQ(record.quality, "c40");
  EXPECT_EQ(record.track, 3);
  EXPECT_EQ(record.face.frame, 12);
  EXPECT_EQ(record.face.time, 0.5);
  EXPECT_EQ(record.face.box.y1, 40);
  EXPECT_EQ(record.face.confidence, 0.75f);
  EXPECT_EQ(record.face.points[4].x, 4);
  EXPECT_EQ(store.ReadCrop(record).data, SomeFace().crop.data);  // lossless
  // (2·10.25 − 0.5·20.5 + 3, 0.5·10.25 + 2·20.5 + 4)
  const Point p = store.MeshInCrop(record)[7];
  EXPECT_FLOAT_EQ(p.x, 13.25f);
  EXPECT_FLOAT_EQ(p.y, 50.125f);
}

TEST_F(CropStoreTest, OlderStoresHaveNeitherClassNorQuality) {
  Write();
  std::string line;
  std::getline(std::ifstream(store_ / "faces.jsonl"), line);
  for (const std::string field : {"\"class\":\"real\",", "\"quality\":\"c40\","}) {
    ASSERT_NE(line.find(field), std::string::npos);
    line.erase(line.find(field), field.size());
  }
  std::ofstream(store_ / "faces.jsonl") << line << "\n";
  const CropStore store = OpenCropStore(store_);
  ASSERT_EQ(store.records.size(), 1u);
  EXPECT_EQ(store.records[0].class_name, "");
  EXPECT_EQ(store.records[0].quality, "");
  EXPECT_EQ(store.records[0].split, "val");
}

TEST_F(CropStoreTest, NothingIsLeftWithoutFinish) {
  {
    CropStoreWriter writer(store_, {.crop_size = 32, .crop_scale = 1.7});
    writer.Add(SomeFace(), {});
  }
  EXPECT_TRUE(fs::is_empty(folder_.path()));
}

TEST_F(CropStoreTest, AFolderWithContentsIsNotOverwritten) {
  Write();
  EXPECT_THROW(Write(), Error);
  EXPECT_EQ(OpenCropStore(store_).records.size(), 2u);
}

TEST_F(CropStoreTest, BrokenStoresNameFileAndLine) {
  EXPECT_THAT(Refusal(), HasSubstr("no store.json"));
  Write();
  std::string good;
  std::getline(std::ifstream(store_ / "faces.jsonl"), good);
  const auto with_second_line = [&](const std::string& line) {
    std::ofstream(store_ / "faces.jsonl") << good << "\n" << line << "\n";
    const std::string text = Refusal();
    EXPECT_THAT(text, HasSubstr("faces.jsonl, line 2"));
    return text;
  };
  const auto changed = [&](const std::string& from, const std::string& to) {
    std::string line = good;
    line.replace(line.find(from), from.size(), to);
    return line;
  };
  with_second_line("{");
  with_second_line("[]");
  EXPECT_THAT(with_second_line(changed("\"label\":0", "\"label\":7")), HasSubstr("label"));
  EXPECT_THAT(with_second_line(changed("\"mesh\":[10.25,", "\"mesh\":[")), HasSubstr("936"));
  std::ofstream(store_ / "faces.jsonl").flush();
  EXPECT_THAT(Refusal(), HasSubstr("holds no face"));
  std::ofstream(store_ / "store.json") << R"({"format_version": 9, "crop_size": 32,)"
                                       << R"("crop_scale": 1, "program_version": ""})";
  EXPECT_THAT(Refusal(), HasSubstr("store.json"));
}

}  // namespace
}  // namespace unmask
