#include "unmask/detect/profile.h"

#include <gmock/gmock.h>

namespace unmask {
namespace {

using testing::AllOf;
using testing::HasSubstr;

TEST(Profile, SumsWhatWasJudged) {
  Verdict verdict;
  verdict.judgement = Judgement::kFake;
  verdict.frames_decoded = 100;
  verdict.frames_searched = 20;
  verdict.tracks.resize(2);
  verdict.tracks[0].faces.resize(3);
  verdict.tracks[1].faces.resize(2);
  verdict.times = {.decode = 0.5,
                   .detect = 0.2,
                   .landmarks = 0.03,
                   .align = 0.01,
                   .classify = 0.1,
                   .total = 0.6,
                   .decode_wait = 0.25,
                   .judge_wait = 0.4};
  Verdict failed;
  failed.frames_decoded = 7;
  Profile profile{.jobs = 2, .threads = 1, .load = 0.3, .passed = 1.5};
  profile.Add(verdict);
  profile.Add(failed);
  profile.Add(verdict);
  EXPECT_EQ(profile.files, 2);
  EXPECT_EQ(profile.faces, 10);
  EXPECT_THAT(
      DescribeProfile(profile),
      AllOf(HasSubstr("time spent on 2 files, 2 side by side with 1 thread each\n"),
            HasSubstr("  decode               1.00 s   200 frames, 5.00 ms each\n"),
            HasSubstr("  search               0.40 s   40 frames, 10.00 ms each\n"),
            HasSubstr("  classify             0.20 s   10 faces, 20.00 ms each\n"),
            HasSubstr("  decoder waits        0.50 s"), HasSubstr("  judge waits          0.80 s"),
            HasSubstr("  passed               1.50 s")));
}

TEST(Profile, OfNothing) {
  EXPECT_THAT(DescribeProfile(Profile()), HasSubstr("  classify             0.00 s\n"));
}

}  // namespace
}  // namespace unmask
