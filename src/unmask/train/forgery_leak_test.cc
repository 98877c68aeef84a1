// Whether a model finds something that tells pseudo-fakes from real faces without being a trace of
// manipulation: trained on forgeries of strength 0, it must stay at chance.
#include <ATen/Parallel.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <vector>

#include "unmask/base/temporary_folder.h"
#include "unmask/forge/registry.h"
#include "unmask/forge/test_autoencoders.h"
#include "unmask/media/picture.h"
#include "unmask/sampling/test_store.h"
#include "unmask/train/process_group.h"
#include "unmask/train/source_options.h"
#include "unmask/train/training_step.h"
#include "unmask/train/validation.h"

namespace unmask {

// GoogleTest shows a row of the table by its name.
void PrintTo(const Forgery& forgery, std::ostream* out) { *out << forgery.name; }

namespace {

namespace fs = std::filesystem;

// A leak of the kind that happens: the fake alone is saved once more, whatever the strength.
RealAndFake SavedOnceMore(const ForgeryInput& input, Random&) {
  return {input.face.image, DecodePicture(EncodeJpeg(input.face.image, 20))};
}
constexpr Forgery kLeaks[] = {{"saved-once-more", "", false, SavedOnceMore}};

constexpr int64_t kSteps = 24;
constexpr int64_t kPairs = 36;  // of the validation: the nine faces, each degraded in four ways

// Pairs of equal halves have equal scores, so half of the area under their ROC is below it,
// whatever the model. Rounding may tell a face from its own copy, though, and that decides kPairs
// of the kPairs² comparisons of which the area is the mean: it moves by half of their share at
// most.
constexpr double kTolerance = 0.5 / kPairs;

class ForgeryLeakTest : public testing::TestWithParam<Forgery> {
 protected:
  struct Check {
    double auc;  // of the validation after a short training
    bool equal;  // whether the halves of all pairs seen here are, byte for byte
  };

  static void SetUpTestSuite() {
    UseTestAutoencoders();
    folder_ = new TemporaryFolder;
    MakeTestStore(folder_->path());
  }
  static void TearDownTestSuite() { delete folder_; }

  static Check TrainWithoutManipulation(const Forgery& forgery, std::span<const Forgery> table) {
    at::set_num_threads(1);
    TrainOptions options;
    options.forgery = forgery.name;
    options.forgery_strength = 0;
    options.pairs = 4;
    options.input_size = 48;
    options.dropout = 0;
    options.freeze = {"conv_stem", "bn1", "blocks.0", "blocks.1", "blocks.2"};  // for speed
    options.learning_rate = 1e-3;
    options.bfloat16 = false;
    options.initial_weights =
        fs::path(UNMASK_DEPS_DIR) / "weights" / "efficientnet_lite0.safetensors";
    const auto stores = OpenStores({folder_->path() / "store"});
    const auto source = [&](const char* split, double degradations) {
      PairSource::Options of_split = SourceOptions(options, split, degradations);
      of_split.forgeries = table;
      return PairSource(stores, of_split);
    };
    const PairSource training = source("train", 0.3), held_out = source("val", 0.3);

    Check check{.auc = 0, .equal = true};
    for (int64_t i = 0; i < kPairs; ++i) {
      for (const PairSource* each : {&training, &held_out}) {
        const PairSource::Pair pair = each->Make(i);
        check.equal &= pair[0].image.data == pair[1].image.data;
      }
    }
    TrainedClassifier classifier(options);
    Optimizer optimizer(classifier.Trainable(),
                        {.name = options.optimizer, .weight_decay = options.weight_decay});
    ProcessGroup alone;
    TrainingStep step(classifier, optimizer, options, alone);
    BatchLoader loader(training, {.pairs = options.pairs}, 0, 1);
    for (int64_t i = 0; i < kSteps; ++i) {
      step.Run(i, options.learning_rate, [&] { return loader.Next(); });
    }
    const Backbone& backbone = classifier.backbone();
    check.auc = Validate(classifier.network(), classifier.loss(), held_out, kPairs, backbone.mean,
                         backbone.deviation, ErrorRates(), [] {})
                    .auc;
    return check;
  }

  static TemporaryFolder* folder_;
};
TemporaryFolder* ForgeryLeakTest::folder_ = nullptr;

TEST_P(ForgeryLeakTest, WithoutManipulationTrainingStaysAtChance) {
  const Check check = TrainWithoutManipulation(GetParam(), Forgeries());
  EXPECT_TRUE(check.equal);
  EXPECT_NEAR(check.auc, 0.5, kTolerance);
}

INSTANTIATE_TEST_SUITE_P(Table, ForgeryLeakTest,
                         testing::ValuesIn(Forgeries().begin(), Forgeries().end()),
                         [](const auto& row) {
                           std::string name(row.param.name);
                           std::replace(name.begin(), name.end(), '-', '_');
                           return name;
                         });

TEST_F(ForgeryLeakTest, ALeakIsFound) {
  const Check check = TrainWithoutManipulation(kLeaks[0], kLeaks);
  EXPECT_FALSE(check.equal);
  EXPECT_GT(check.auc, 0.6);  // far outside of the tolerance
}

}  // namespace
}  // namespace unmask
