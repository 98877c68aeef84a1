#include "unmask/sampling/pair_source.h"

#include <gmock/gmock.h>

#include <set>

#include "unmask/base/error.h"
#include "unmask/base/temporary_folder.h"
#include "unmask/sampling/batch_loader.h"
#include "unmask/sampling/test_store.h"

namespace unmask {
namespace {

namespace fs = std::filesystem;
using testing::HasSubstr;

class PairSourceTest : public testing::Test {
 protected:
  static void SetUpTestSuite() { folder_ = new TemporaryFolder, MakeTestStore(folder_->path()); }
  static void TearDownTestSuite() { delete folder_; }

  static fs::path Store() { return folder_->path() / "store"; }

  static PairSource Source(const std::string& split = "train", uint64_t seed = 1) {
    return PairSource(OpenStores({Store()}),
                      {.split = split, .augment = {.output_size = 48}, .seed = seed});
  }

  static TemporaryFolder* folder_;
};
TemporaryFolder* PairSourceTest::folder_ = nullptr;

void MakeFakeOfAnother(CropRecord& record) {
  record.label = 1;
  record.identity += " of another";
}

TEST_F(PairSourceTest, APairIsFixedBySeedAndIndex) {
  const PairSource a = Source(), b = Source(), c = Source("train", 2);
  EXPECT_EQ(a.Make(5)[0].image.data, b.Make(5)[0].image.data);
  EXPECT_EQ(a.Make(5)[1].image.data, b.Make(5)[1].image.data);
  EXPECT_NE(a.Make(5)[0].image.data, a.Make(5)[1].image.data);
  EXPECT_NE(a.Make(5)[0].image.data, a.Make(6)[0].image.data);
  EXPECT_NE(a.Make(5)[0].image.data, c.Make(5)[0].image.data);
  EXPECT_EQ(a.Make(5)[0].image.width, 48);
}

TEST_F(PairSourceTest, ARoundPassesOverEveryFaceOnce) {
  // The store's own crops stand for fakes too, so that nothing is changed on the way.
  const TemporaryFolder folder;
  const fs::path fakes = CopyTestStore(Store(), folder.path() / "fakes", MakeFakeOfAnother);
  const PairSource source(OpenStores({Store(), fakes}),
                          {.forgery = "none", .augment = {.strength = 0, .output_size = 32}});
  std::vector<std::string> order[2];  // the pictures' bytes
  for (int64_t i = 0; i < 2 * source.real_faces(); ++i) {
    const Image real = source.Make(i)[0].image;
    order[i / source.real_faces()].emplace_back(real.data.begin(), real.data.end());
  }
  EXPECT_NE(order[0], order[1]);
  for (const auto& round : order) {
    EXPECT_EQ(static_cast<int64_t>(std::set(round.begin(), round.end()).size()),
              source.real_faces());
  }
}

TEST_F(PairSourceTest, SplitsAreKeptApart) {
  const PairSource training = Source("train"), held_out = Source("val");
  EXPECT_EQ(training.real_faces(), 12);  // of 13, one in profile
  EXPECT_EQ(held_out.real_faces(), 9);
  EXPECT_THROW(Source("test"), Error);
}

TEST_F(PairSourceTest, FakesOfTheStoresAreDrawnWithoutForging) {
  const TemporaryFolder folder;
  const fs::path fakes = CopyTestStore(Store(), folder.path() / "fakes", MakeFakeOfAnother);
  const PairSource source(OpenStores({Store(), fakes}),
                          {.forgery = "none", .augment = {.strength = 0, .output_size = 32}});
  EXPECT_EQ(source.real_faces(), 12);
  EXPECT_EQ(source.fake_faces(), 12);
  EXPECT_NE(source.Make(0)[0].image.data, source.Make(1)[0].image.data);
  EXPECT_THROW(PairSource(OpenStores({Store()}), {.forgery = "none"}), Error);
}

TEST_F(PairSourceTest, APersonInTwoSplitsIsRefused) {
  const TemporaryFolder folder;
  const fs::path leaky = CopyTestStore(Store(), folder.path() / "leaky", [](CropRecord& record) {
    if (record.identity == "sample5.jpg") record.identity = "sample1.jpg";
  });
  try {
    OpenStores({leaky});
    FAIL() << "was accepted";
  } catch (const Error& e) {
    EXPECT_THAT(e.what(), HasSubstr("sample1.jpg"));
    EXPECT_THAT(e.what(), HasSubstr("splits"));
  }
}

TEST_F(PairSourceTest, BatchesDoNotDependOnTheNumberOfWorkers) {
  const PairSource source = Source();
  BatchLoader one(source, {.pairs = 3}, 2, 1), three(source, {.pairs = 3}, 2, 3);
  for (int64_t b = 2; b < 7; ++b) {
    const Batch a = one.Next(), c = three.Next();
    ASSERT_EQ(a.images.size(), 6u);
    for (size_t i = 0; i < 6; ++i) EXPECT_EQ(a.images[i].data, c.images[i].data);
    EXPECT_EQ(a.images[2].data, source.Make(3 * b + 1)[0].image.data);
    EXPECT_EQ(a.images[3].data, source.Make(3 * b + 1)[1].image.data);
    EXPECT_EQ(a.labels, (std::vector<int>{0, 1, 0, 1, 0, 1}));
  }
}

TEST_F(PairSourceTest, SharesOfABatchMakeUpTheWhole) {
  const PairSource source = Source();
  BatchLoader whole(source, {.pairs = 4}, 1, 1);
  BatchLoader front(source, {.pairs = 4, .end = 3}, 1, 2);
  BatchLoader back(source, {.pairs = 4, .begin = 3}, 1, 2);
  for (int b = 0; b < 3; ++b) {
    const Batch all = whole.Next();
    Batch parts = front.Next();
    EXPECT_EQ(parts.images.size(), 6u);
    for (Image& image : back.Next().images) parts.images.push_back(std::move(image));
    ASSERT_EQ(parts.images.size(), 8u);
    for (size_t i = 0; i < 8; ++i) EXPECT_EQ(parts.images[i].data, all.images[i].data);
  }
  EXPECT_THROW(BatchLoader(source, {.pairs = 4, .begin = 3, .end = 3}, 0, 1), Error);
  EXPECT_THROW(BatchLoader(source, {.pairs = 4, .end = 5}, 0, 1), Error);
}

TEST_F(PairSourceTest, AnErrorOfAWorkerReachesTheTrainer) {
  CropStore broken = OpenCropStore(Store());
  for (CropRecord& record : broken.records) record.id += 1000;  // of no face
  const PairSource source({std::make_shared<CropStore>(std::move(broken))},
                          {.augment = {.output_size = 48}});
  BatchLoader loader(source, {.pairs = 2}, 0, 2);
  EXPECT_THROW(loader.Next(), Error);
}

}  // namespace
}  // namespace unmask
