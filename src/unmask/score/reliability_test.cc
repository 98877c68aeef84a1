#include "unmask/score/reliability.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <vector>

#include "unmask/base/error.h"

namespace unmask {
namespace {

const Evidence kGood{.faces = 32,
                     .face_pixels = 200,
                     .sharpness = 300,
                     .bits_per_pixel = 0.2,
                     .dissent = 0.1,
                     .distance = 1};
const ReliabilityLimits kLimits{.real_below = 0.3,
                                .least_faces = 3,
                                .least_face_pixels = 50,
                                .least_sharpness = 20,
                                .least_bits_per_pixel = 0.01,
                                .most_dissent = 0.4,
                                .most_distance = 3};

TEST(Reliability, AModelWithoutLimitsAlwaysAnswers) {
  for (const double score : {0.0, 0.3, 0.69, 0.7, 1.0}) {
    EXPECT_TRUE(Doubts(score, 0.7, {}, {}).empty()) << score;
  }
}

TEST(Reliability, BetweenRealAndFakeThereIsNoAnswer) {
  const auto undecided = [](double score) {
    return Doubts(score, 0.7, kGood, kLimits) == std::vector<Doubt>{Doubt::kUndecided};
  };
  EXPECT_FALSE(undecided(0.29));
  EXPECT_TRUE(undecided(0.3));
  EXPECT_TRUE(undecided(0.69));
  EXPECT_FALSE(undecided(0.7));
}

TEST(Reliability, EachLimitHasItsDoubt) {
  const auto of = [](auto change) {
    Evidence evidence = kGood;
    change(evidence);
    return Doubts(0.9, 0.7, evidence, kLimits);
  };
  using List = std::vector<Doubt>;
  EXPECT_EQ(of([](Evidence&) {}), List{});
  EXPECT_EQ(of([](Evidence& e) { e.faces = 2; }), List{Doubt::kFewFaces});
  EXPECT_EQ(of([](Evidence& e) { e.face_pixels = 49; }), List{Doubt::kSmallFaces});
  EXPECT_EQ(of([](Evidence& e) { e.sharpness = 19; }), List{Doubt::kBlurred});
  EXPECT_EQ(of([](Evidence& e) { e.bits_per_pixel = 0.009; }), List{Doubt::kCompressed});
  EXPECT_EQ(of([](Evidence& e) { e.dissent = 0.41; }), List{Doubt::kDissent});
  EXPECT_EQ(of([](Evidence& e) { e.distance = 3.1; }), List{Doubt::kUnlike});
  EXPECT_EQ(of([](Evidence& e) { e.face_pixels = e.sharpness = 1; }),
            (List{Doubt::kSmallFaces, Doubt::kBlurred}));
}

TEST(Reliability, APictureHasOneFaceAndWhatIsNotKnownIsNoDoubt) {
  Evidence picture = kGood;
  picture.faces = 1;
  picture.is_picture = true;
  picture.bits_per_pixel = 0;
  EXPECT_TRUE(Doubts(0.9, 0.7, picture, kLimits).empty());
}

TEST(Reliability, LimitsOutsideTheirRangesAreRefused) {
  EXPECT_NO_THROW(kLimits.Validate());
  EXPECT_THROW(ReliabilityLimits{.real_below = 1.1}.Validate(), Error);
  EXPECT_THROW(ReliabilityLimits{.least_faces = -1}.Validate(), Error);
  EXPECT_THROW(ReliabilityLimits{.most_distance = -1}.Validate(), Error);
}

TEST(Reliability, NoMoreThanTheShareOfFakesIsMissed) {
  const std::vector<double> scores = {0.1, 0.2, 0.4, 0.6, 0.8, 0.05, 0.9};
  const std::vector<int> labels = {1, 1, 1, 1, 1, 0, 0};
  EXPECT_DOUBLE_EQ(ScoreForMisses(scores, labels, 0.2, 0.7), 0.15);  // one of five
  EXPECT_DOUBLE_EQ(ScoreForMisses(scores, labels, 0.39, 0.7), 0.15);
  EXPECT_DOUBLE_EQ(ScoreForMisses(scores, labels, 0.4, 0.7), 0.3);
  EXPECT_DOUBLE_EQ(ScoreForMisses(scores, labels, 0, 0.7), 0.05);
  EXPECT_DOUBLE_EQ(ScoreForMisses(scores, labels, 0.8, 0.65), 0.65);
  EXPECT_DOUBLE_EQ(ScoreForMisses(scores, labels, 1, 0.65), 0.65);
  EXPECT_THROW(ScoreForMisses({}, {}, 0.1, 0.5), Error);
  EXPECT_THROW(ScoreForMisses(std::vector<double>{0.5}, std::vector<int>{0}, 0.1, 0.5), Error);
}

TEST(Reliability, MissedFakesStayWithinTheShareWhereScoresTie) {
  const std::vector<double> scores = {0.2, 0.2, 0.2, 0.2, 0.9};
  const std::vector<int> labels = {1, 1, 1, 1, 1};
  const double limit = ScoreForMisses(scores, labels, 0.4, 0.7);
  EXPECT_EQ(std::count_if(scores.begin(), scores.end(), [&](double s) { return s < limit; }), 0);
}

TEST(Reliability, TheTailBeyondALimitIsAsLargeAsAsked) {
  std::vector<double> values;
  for (int i = 0; i < 200; ++i) values.push_back((i * 37) % 200);  // 0 … 199, each once
  EXPECT_EQ(TailLimit(values, 0.05, true), 10);
  EXPECT_EQ(TailLimit(values, 0.05, false), 189);
  EXPECT_EQ(TailLimit(values, 0, false), 199);
  EXPECT_EQ(TailLimit({7}, 0.5, true), 7);
  EXPECT_THROW(TailLimit({}, 0.5, true), Error);
}

TEST(Reliability, RealFacesMayLookFakeBelowSomeSharpness) {
  // 200 faces of sharpness 200 … 1; of the 60 least sharp all are called fake, of the others one.
  std::vector<double> sharpness, scores;
  for (int i = 0; i < 200; ++i) {
    sharpness.push_back(200 - i);
    scores.push_back(i >= 140 || i == 3 ? 0.9 : 0.1);
  }
  // 10 of the third fifty: at a share of 0.05 as many as may be, at less too many.
  EXPECT_EQ(SharpnessForFalseAlarms(sharpness, scores, 0.05, 0.5), 51);
  EXPECT_EQ(SharpnessForFalseAlarms(sharpness, scores, 0.04, 0.5), 101);
  EXPECT_EQ(SharpnessForFalseAlarms(sharpness, scores, 0.05, 0.95), 0);  // none is called fake
  EXPECT_EQ(SharpnessForFalseAlarms(sharpness, scores, 0.05, 0.05), 0);  // nor may all be blurred
  EXPECT_EQ(SharpnessForFalseAlarms({}, {}, 0.05, 0.5), 0);
  // That the sharpest, which may be noisy, are called fake says nothing about the least sharp.
  std::fill(scores.begin(), scores.begin() + 50, 0.9);
  EXPECT_EQ(SharpnessForFalseAlarms(sharpness, scores, 0.04, 0.5), 101);
  EXPECT_THROW(SharpnessForFalseAlarms(sharpness, {}, 0.05, 0.5), Error);
}

}  // namespace
}  // namespace unmask
