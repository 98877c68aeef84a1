#include "unmask/detect/forged_store.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "unmask/base/error.h"
#include "unmask/base/temporary_folder.h"
#include "unmask/data/prepare.h"
#include "unmask/forge/face_mesh.h"
#include "unmask/media/recompress.h"
#include "unmask/media/scale.h"

namespace unmask {
namespace {

namespace fs = std::filesystem;
using testing::AllOf;
using testing::HasSubstr;

class ForgedStoreTest : public testing::Test {
 protected:
  static void SetUpTestSuite() {
    folder_ = new TemporaryFolder;
    const fs::path path = folder_->path() / "store";
    const fs::path samples = fs::path(UNMASK_DEPS_DIR) / "samples";
    Prepare({{.file = samples / "suit.jpg", .split = "test", .label = 0}}, path,
            {.crop_size = 127});
    store_ = new CropStore(OpenCropStore(path));
  }
  static void TearDownTestSuite() { delete store_, delete folder_; }

  static const CropRecord& Face() { return store_->records.at(0); }

  // Of the file with that label: 0, or 1 for the forged copy.
  static Image Crop(const StoreSelection& selection, int label = 0) {
    const ForgedStore forged(*store_, selection);
    for (const ForgedStore::File& file : forged.files()) {
      if (file.scores.label == label) return forged.Crop(file, Face());
    }
    return {};
  }

  static std::string Refusal(const StoreSelection& selection) {
    try {
      Crop(selection);
    } catch (const Error& e) {
      return e.what();
    }
    return "no error";
  }

  static TemporaryFolder* folder_;
  static CropStore* store_;
};
TemporaryFolder* ForgedStoreTest::folder_ = nullptr;
CropStore* ForgedStoreTest::store_ = nullptr;

TEST_F(ForgedStoreTest, AFaceSizeIsThatOfTheFaceNotOfTheCrop) {
  const double stored = FaceSize(store_->MeshInCrop(Face()));
  const int pixels = static_cast<int>(127 * 30 / stored);
  EXPECT_GT(pixels, 35);
  const Image crop = store_->ReadCrop(Face());
  const Image small = Scaled(crop, pixels, pixels);
  EXPECT_EQ(Crop({.face_size = 30}).data, Scaled(small, 127, 127).data);
  // What compression does to a small face.
  const Image packed = RecompressH264(small, {.crf = 40, .frames = 3});
  EXPECT_EQ(Crop({.face_size = 30, .crf = 40}).data, Scaled(packed, 127, 127).data);
  // Both halves of a pair.
  for (const int label : {0, 1}) {
    const Image half = Crop({.forgeries = {"self-blend"}}, label);
    EXPECT_EQ(Crop({.forgeries = {"self-blend"}, .face_size = 30}, label).data,
              Scaled(Scaled(half, pixels, pixels), 127, 127).data);
  }
}

TEST_F(ForgedStoreTest, NoFaceIsShownWithMorePixelsThanItIsStoredWith) {
  EXPECT_THAT(Refusal({.face_size = 120}),
              AllOf(HasSubstr("store: face 0 is stored with"), HasSubstr("--crop-size")));
  EXPECT_THAT(Refusal({.face_size = -1}), HasSubstr("the face size is -1 pixels"));
}

}  // namespace
}  // namespace unmask
