#include "unmask/detect/decide.h"

#include <gtest/gtest.h>

#include <vector>

namespace unmask {
namespace {

FaceResult FaceOf(double score, float height = 100, float sharpness = 200, float distance = 1) {
  return {
      .box = {0, 0, height, height}, .score = score, .sharpness = sharpness, .distance = distance};
}

TrackResult TrackOf(const std::vector<FaceResult>& faces) { return {.faces = faces}; }

Verdict VerdictOf(const std::vector<TrackResult>& tracks) {
  Verdict verdict;
  verdict.width = 640;
  verdict.height = 480;
  verdict.frames_decoded = 100;
  verdict.tracks = tracks;
  return verdict;
}

const ReliabilityLimits kLimits{
    .real_below = 0.3, .least_face_pixels = 60, .least_bits_per_pixel = 0.02, .most_dissent = 0.4};

TEST(Decide, EvidenceIsTheMedianOfTheFacesAndTheShareOfThoseThatDisagree) {
  Verdict verdict = VerdictOf(
      {TrackOf({FaceOf(0.9, 100, 10, 1), FaceOf(0.8, 300, 30, 5), FaceOf(0.2, 200, 20, 2)}),
       TrackOf({FaceOf(0.9, 50, 5, 9)})});
  Decide(verdict, {.threshold = 0.5}, 640 * 480 * 100 / 8);
  const Evidence& first = verdict.tracks[0].evidence;
  EXPECT_EQ(first.faces, 3);
  EXPECT_EQ(first.face_pixels, 200);
  EXPECT_EQ(first.sharpness, 20);
  EXPECT_EQ(first.distance, 2);
  EXPECT_DOUBLE_EQ(first.dissent, 1.0 / 3);
  EXPECT_DOUBLE_EQ(first.bits_per_pixel, 1);
  EXPECT_EQ(verdict.evidence.faces, 4);
  EXPECT_DOUBLE_EQ(verdict.evidence.dissent, 0.25);
  EXPECT_DOUBLE_EQ(verdict.tracks[0].score, (0.9 + 0.8 + 0.2) / 3);
  EXPECT_EQ(verdict.judgement, Judgement::kFake);
  EXPECT_EQ(JudgementOf(verdict.tracks[0]), Judgement::kFake);
}

TEST(Decide, PeopleWhoDifferDoNotContradictEachOther) {
  const TrackResult real = TrackOf({FaceOf(0.1), FaceOf(0.2)});
  const TrackResult fake = TrackOf({FaceOf(0.99), FaceOf(0.98), FaceOf(0.97)});
  Verdict verdict = VerdictOf({real, fake});
  Decide(verdict, {.threshold = 0.5, .limits = {.most_dissent = 0.1}}, 0);
  EXPECT_EQ(verdict.evidence.dissent, 0);
  EXPECT_EQ(verdict.judgement, Judgement::kFake);
}

TEST(Decide, LimitsTurnTheAnswerIntoCannotTellAndKeepTheScore) {
  const DecisionRules rules{.threshold = 0.7, .limits = kLimits};
  const auto decided = [&](const Verdict& of, int64_t bytes = 1 << 20) {
    Verdict verdict = of;
    Decide(verdict, rules, bytes);
    return verdict;
  };
  EXPECT_EQ(decided(VerdictOf({TrackOf({FaceOf(0.1)})})).judgement, Judgement::kReal);
  EXPECT_EQ(decided(VerdictOf({TrackOf({FaceOf(0.9)})})).judgement, Judgement::kFake);

  const Verdict between = decided(VerdictOf({TrackOf({FaceOf(0.5)})}));
  EXPECT_EQ(between.judgement, Judgement::kCannotTell);
  EXPECT_EQ(between.doubts, std::vector<Doubt>{Doubt::kUndecided});
  EXPECT_DOUBLE_EQ(between.score, 0.5);

  const Verdict small = decided(
      VerdictOf({TrackOf({FaceOf(0.9, 40)}), TrackOf({FaceOf(0.9)}), TrackOf({FaceOf(0.9)})}));
  EXPECT_EQ(small.judgement, Judgement::kFake);  // most of its faces are large
  EXPECT_EQ(JudgementOf(small.tracks[0]), Judgement::kCannotTell);
  EXPECT_EQ(small.tracks[0].doubts, std::vector<Doubt>{Doubt::kSmallFaces});

  const Verdict squeezed = decided(VerdictOf({TrackOf({FaceOf(0.9)})}), 1000);
  EXPECT_EQ(squeezed.doubts, std::vector<Doubt>{Doubt::kCompressed});
  EXPECT_TRUE(decided(VerdictOf({TrackOf({FaceOf(0.9)})}), 0).doubts.empty());  // not known
}

TEST(Decide, ASharesBandIsNotThatOfProbabilities) {
  // Two of five vote fake: 0.4 is far from one half, whatever lies between real and fake.
  Verdict verdict =
      VerdictOf({TrackOf({FaceOf(0.9), FaceOf(0.9), FaceOf(0.1), FaceOf(0.1), FaceOf(0.1)})});
  Decide(verdict,
         {.aggregation = Aggregation::kMaxFaces,
          .vote_score = VoteScore::kShare,
          .threshold = 0.7,
          .limits = {.real_below = 0.3}},
         0);
  EXPECT_DOUBLE_EQ(verdict.score, 0.4);
  EXPECT_EQ(verdict.judgement, Judgement::kReal);
}

TEST(Decide, OfAPictureThePixelsAreThoseOfOneFrame) {
  Verdict verdict = VerdictOf({TrackOf({FaceOf(0.9)})});
  verdict.is_picture = true;
  Decide(verdict, {}, 640 * 480 / 4);
  EXPECT_DOUBLE_EQ(verdict.evidence.bits_per_pixel, 2);
}

TEST(Decide, WithoutAFaceThereIsNoScore) {
  Verdict verdict = VerdictOf({});
  Decide(verdict, {}, 1000);
  EXPECT_EQ(verdict.judgement, Judgement::kNoFace);
  EXPECT_FALSE(HasScore(verdict.judgement));
}

}  // namespace
}  // namespace unmask
