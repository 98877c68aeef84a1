#include "unmask/score/answers.h"

#include <gtest/gtest.h>

#include "unmask/base/error.h"

namespace unmask {
namespace {

ScoredFile FileOf(int label, double score, bool doubtful = false) {
  return {.label = label, .tracks = {{{.score = score}}}, .doubtful = doubtful};
}

TEST(Answers, WorkedExample) {
  const std::vector<ScoredFile> files = {
      FileOf(0, 0.1),        // right
      FileOf(0, 0.9),        // wrong
      FileOf(0, 0.5),        // between
      FileOf(1, 0.2),        // wrong
      FileOf(1, 0.95),       // right
      FileOf(1, 0.6),        // between, and wrong by the threshold
      FileOf(1, 0.9, true),  // right, and doubtful
      {.label = 1},          // no face
  };
  DatasetOptions options;
  options.evaluation.threshold = 0.7;
  options.real_below = 0.3;
  const Answers answers = MeasureAnswers(files, Aggregation::kMeanTracks, options);
  EXPECT_EQ(answers.files, (std::array<int64_t, 2>{3, 4}));
  EXPECT_EQ(answers.answered, (std::array<int64_t, 2>{2, 2}));
  EXPECT_EQ(answers.wrong, (std::array<int64_t, 2>{1, 1}));
  EXPECT_EQ(answers.wrong_if_all_answered, 3);
  EXPECT_EQ(answers.curve.size(), 7u);
  EXPECT_DOUBLE_EQ(answers.curve.front().risk, 0);  // 0.1 is the surest of all
  EXPECT_DOUBLE_EQ(answers.curve.back().risk, 3.0 / 7);
}

TEST(Answers, AModelWithoutLimitsAlwaysAnswers) {
  const std::vector<ScoredFile> files = {FileOf(0, 0.49), FileOf(1, 0.5)};
  const Answers answers = MeasureAnswers(files, Aggregation::kMeanTracks, {});
  EXPECT_EQ(answers.all_answered(), 2);
  EXPECT_EQ(answers.all_wrong(), 0);
}

TEST(Answers, OfASharesOfVotesThereIsNoBand) {
  DatasetOptions options{.vote_score = VoteScore::kShare, .real_below = 0.2};
  EXPECT_TRUE(IsAnswered(FileOf(0, 0.4), Aggregation::kMaxFaces, options));
  EXPECT_FALSE(IsAnswered(FileOf(0, 0.4), Aggregation::kMeanTracks, options));
}

TEST(Answers, WithoutScoresThereAreNone) {
  EXPECT_THROW(MeasureAnswers({{.label = 1}}, Aggregation::kMeanTracks, {}), Error);
}

}  // namespace
}  // namespace unmask
