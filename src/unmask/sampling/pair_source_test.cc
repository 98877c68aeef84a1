#include "unmask/sampling/pair_source.h"

#include <gmock/gmock.h>

#include <algorithm>
#include <array>
#include <map>
#include <set>
#include <span>
#include <string_view>

#include "unmask/base/error.h"
#include "unmask/base/temporary_folder.h"
#include "unmask/data/crop_store_database.h"
#include "unmask/data/crop_store_writer.h"
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

void AsFakesOfOthers(PrepareInput& input) {
  input.label = 1;
  input.identity += " of another";
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
  const fs::path fakes = MakeTestStore(folder.path(), AsFakesOfOthers);
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

TEST_F(PairSourceTest, MixedForgeriesAreDrawnByThePair) {
  const auto source = [](const std::string& forgery) {
    return PairSource(OpenStores({Store()}),
                      {.forgery = forgery, .augment = {.strength = 0, .output_size = 48}});
  };
  const PairSource mixed = source("self-blend=1,cross-blend=2,warp=1");
  const PairSource same = source("warp=0.25,cross-blend=0.5,self-blend=0.25");
  std::map<std::string_view, int> counts;
  for (int64_t i = 0; i < 40; ++i) {
    ++counts[mixed.ForgeryOf(i)];
    EXPECT_EQ(mixed.Make(i)[1].image.data, same.Make(i)[1].image.data);
  }
  EXPECT_EQ(counts.size(), 3u);
  EXPECT_GT(counts["cross-blend"], 10);
  EXPECT_EQ(source("warp").ForgeryOf(3), "warp");
  EXPECT_THROW(source("warp,wrap"), UsageError);
}

TEST_F(PairSourceTest, AFaceIsLentByAnotherPersonOnly) {
  const auto as_one_person = [](PrepareInput& input) {
    input.identity = "one";
    input.split = "train";
  };
  const TemporaryFolder folder;
  const fs::path alone = MakeTestStore(folder.path(), as_one_person);
  const PairSource::Options options{.forgery = "cross-blend", .augment = {.output_size = 48}};
  EXPECT_THROW(PairSource(OpenStores({alone}), options), Error);
  EXPECT_NO_THROW(PairSource(OpenStores({alone}), {.forgery = "self-blend"}));
  const PairSource source(OpenStores({Store()}), options);
  BatchLoader one(source, {.pairs = 3}, 0, 1), three(source, {.pairs = 3}, 0, 3);
  for (int b = 0; b < 4; ++b) {
    const Batch first = one.Next(), second = three.Next();
    for (size_t i = 0; i < 6; ++i) EXPECT_EQ(first.images[i].data, second.images[i].data);
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
  const fs::path fakes = MakeTestStore(folder.path(), AsFakesOfOthers);
  const PairSource source(OpenStores({Store(), fakes}),
                          {.forgery = "none", .augment = {.strength = 0, .output_size = 32}});
  EXPECT_EQ(source.real_faces(), 12);
  EXPECT_EQ(source.fake_faces(), 12);
  EXPECT_NE(source.Make(0)[0].image.data, source.Make(1)[0].image.data);
  EXPECT_THROW(PairSource(OpenStores({Store()}), {.forgery = "none"}), Error);
}

TEST_F(PairSourceTest, APersonInTwoSplitsOfTwoStoresIsRefused) {
  const TemporaryFolder folder;
  const fs::path other = MakeTestStore(folder.path(), [](PrepareInput& input) {
    if (input.identity == "sample1.jpg") input.split = "val";
  });
  EXPECT_EQ(OpenStores({other}).size(), 1u);
  try {
    OpenStores({Store(), other});
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
  const TemporaryFolder folder;
  const fs::path broken = MakeTestStore(folder.path());
  Database(broken, Database::Mode::kWrite).Run("DELETE FROM crops");
  const PairSource source(OpenStores({broken}), {.augment = {.output_size = 48}});
  BatchLoader loader(source, {.pairs = 2}, 0, 2);
  EXPECT_THROW(loader.Next(), Error);
}

// A store in the manner of FaceForensics++, whose crops are of one colour each: (class, person,
// 10 · second). Four persons in train and one in val; of every person one real video and one of
// each class, of three faces; FaceSwap is only in train.
class LabelledStoreTest : public testing::Test {
 protected:
  static constexpr const char* kClasses[] = {"real", "Deepfakes", "Face2Face", "FaceSwap"};

  static void SetUpTestSuite() {
    folder_ = new TemporaryFolder;
    Write(Path(), "", kClasses);
  }
  static void TearDownTestSuite() { delete folder_; }

  static fs::path Path() { return folder_->path() / "store"; }

  // `suffix`: of the names of videos and people.
  static void Write(const fs::path& path, const std::string& suffix,
                    std::span<const char* const> classes) {
    std::vector<SourceFile> files;
    std::vector<std::array<uint8_t, 2>> colours;
    for (const char* name : classes) {
      const auto c = static_cast<int>(std::find(std::begin(kClasses), std::end(kClasses), name) -
                                      std::begin(kClasses));
      for (int person = 0; person < 5; ++person) {
        if (c == 3 && person == 4) continue;
        files.push_back({.source = name + std::to_string(person) + suffix,
                         .identity = std::to_string(person) + suffix,
                         .split = person < 4 ? "train" : "val",
                         .label = c > 0,
                         .class_name = name,
                         .quality = "c23"});
        colours.push_back({static_cast<uint8_t>(c), static_cast<uint8_t>(person)});
      }
    }
    CropStoreWriter writer(path, {.crop_size = 32, .crop_scale = 1.3}, files);
    for (size_t file = 0; file < files.size(); ++file) {
      for (int second = 0; second < 3; ++second) {
        AlignedFace face{.face = {.time = static_cast<double>(second)}, .crop = Image(32, 32)};
        face.face.mesh.resize(kMeshSize);
        for (size_t i = 0; i < face.crop.data.size(); i += 3) {
          face.crop.data[i] = colours[file][0];
          face.crop.data[i + 1] = colours[file][1];
          face.crop.data[i + 2] = static_cast<uint8_t>(10 * second);
        }
        writer.Add(file, PackFace(face, 1));
      }
      writer.EndFile(file, 1, "", "");
    }
    writer.Finish();
  }

  static PairSource Source(const SamplingOptions& sampling, const std::string& split = "train") {
    return PairSource(OpenStores({Path()}),
                      {.split = split,
                       .forgery = "none",
                       .sampling = sampling,
                       .augment = {.strength = 0, .output_size = 32, .output_scale = 1.3}});
  }

  static std::string Problem(const SamplingOptions& sampling, const std::string& split = "train",
                             const std::string& forgery = "none") {
    try {
      PairSource(OpenStores({Path()}), {.split = split, .forgery = forgery, .sampling = sampling});
    } catch (const Error& e) {
      return e.what();
    }
    return "";
  }

  // How many of the first `pairs` pairs' faces are of each class.
  static std::vector<int> Classes(const PairSource& source, int64_t pairs) {
    std::vector<int> counts(4);
    for (int64_t i = 0; i < pairs; ++i) {
      for (const Sample& sample : source.Make(i)) {
        EXPECT_EQ(sample.label, sample.image.data[0] > 0);
        ++counts[sample.image.data[0]];
      }
    }
    return counts;
  }

  static TemporaryFolder* folder_;
};
TemporaryFolder* LabelledStoreTest::folder_ = nullptr;

TEST_F(LabelledStoreTest, NaturalProportionsAreThoseOfTheStore) {
  const PairSource source = Source({.balance = "none"});
  EXPECT_EQ(source.pairs_per_epoch(), 24);
  EXPECT_EQ(Classes(source, 24), (std::vector<int>{12, 12, 12, 12}));
  EXPECT_EQ(source.real_faces(), 12);
  EXPECT_EQ(source.fake_faces(), 36);
}

TEST_F(LabelledStoreTest, HalfOfBalancedBatchesIsReal) {
  const std::vector<int> labels = Classes(Source({}), 36);
  EXPECT_EQ(labels, (std::vector<int>{36, 12, 12, 12}));
}

TEST_F(LabelledStoreTest, BalancedClassesTakeTurnsWhateverTheirNumbers) {
  const TemporaryFolder folder;
  const fs::path more = folder.path() / "more";
  Write(more, "x", std::array{kClasses[0], kClasses[2], kClasses[3]});
  const PairSource source(OpenStores({Path(), more}),
                          {.forgery = "none",
                           .sampling = {.balance = "classes"},
                           .augment = {.strength = 0, .output_size = 32, .output_scale = 1.3}});
  EXPECT_EQ(source.fake_faces(), 36 + 24);
  EXPECT_EQ(Classes(source, 30), (std::vector<int>{30, 10, 10, 10}));
}

TEST_F(LabelledStoreTest, NamedClassesAloneAreTakenAndRealFacesStay) {
  const PairSource source = Source({.classes = {"Face2Face"}});
  EXPECT_EQ(Classes(source, 12), (std::vector<int>{12, 0, 12, 0}));
  EXPECT_EQ(Classes(Source({.classes = {"Deepfakes", "FaceSwap"}, .balance = "none"}), 18),
            (std::vector<int>{12, 12, 0, 12}));
}

TEST_F(LabelledStoreTest, AFakeOfTheSamePersonAndTimeIsThePartner) {
  const PairSource source = Source({.balance = "classes", .pairing = "identity"});
  std::set<int> classes;
  for (int64_t i = 0; i < 24; ++i) {
    const PairSource::Pair pair = source.Make(i);
    EXPECT_EQ(pair[0].image.data[1], pair[1].image.data[1]);  // person
    EXPECT_EQ(pair[0].image.data[2], pair[1].image.data[2]);  // second
    classes.insert(pair[1].image.data[0]);
  }
  EXPECT_EQ(classes, (std::set<int>{1, 2, 3}));
}

TEST_F(LabelledStoreTest, AVideoGivesAtMostSoManyFacesAnEpoch) {
  const PairSource source = Source({.frames_per_video = 1, .balance = "none"});
  EXPECT_EQ(source.pairs_per_epoch(), 8);
  std::set<std::array<int, 3>> faces, videos;
  for (int64_t epoch = 0; epoch < 3; ++epoch) {
    videos.clear();
    for (int64_t i = 8 * epoch; i < 8 * epoch + 8; ++i) {
      for (const Sample& sample : source.Make(i)) {
        const std::vector<uint8_t>& colour = sample.image.data;
        faces.insert({colour[0], colour[1], colour[2]});
        videos.insert({colour[0], colour[1], 0});
      }
    }
    EXPECT_EQ(videos.size(), 16u);
  }
  EXPECT_EQ(faces.size(), 48u);  // after three epochs every face
}

TEST_F(LabelledStoreTest, WhatCannotBeDrawnIsRefusedWithAHint) {
  EXPECT_THAT(Problem({.classes = {"Deepfake"}}), HasSubstr("'Deepfakes'"));
  EXPECT_THAT(Problem({.quality = "c40"}), HasSubstr("c23"));
  EXPECT_THAT(Problem({.balance = "class"}), HasSubstr("'classes'"));
  EXPECT_THAT(Problem({.pairing = "identities"}), HasSubstr("'identity'"));
  EXPECT_NE(Problem({.frames_per_video = -1}), "");
  EXPECT_NE(Problem({.balance = "none", .pairing = "identity"}), "");
  EXPECT_THAT(Problem({.classes = {"FaceSwap"}}, "val"),
              HasSubstr("'FaceSwap' in the split 'val'"));
  EXPECT_THAT(Problem({.balance = "classes"}, "val"), HasSubstr("'FaceSwap' in the split 'val'"));
  EXPECT_EQ(Problem({.balance = "classes"}), "");
  EXPECT_EQ(Problem({}, "val"), "");
  EXPECT_THAT(Problem({}, "test"), HasSubstr("no real faces"));
  EXPECT_THAT(Problem({.classes = {"FaceSwap"}}, "train", "self-blend"),
              HasSubstr("--forgery none"));
  EXPECT_THAT(Problem({.balance = "none"}, "train", "self-blend"), HasSubstr("--forgery none"));
}

}  // namespace
}  // namespace unmask
