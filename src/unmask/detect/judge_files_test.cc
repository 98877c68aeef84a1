#include "unmask/detect/judge_files.h"

#include <gmock/gmock.h>

#include <algorithm>
#include <cstdlib>
#include <fstream>
#include <map>
#include <string>
#include <vector>

#include "unmask/base/error.h"
#include "unmask/base/temporary_folder.h"
#include "unmask/detect/test_models.h"

namespace unmask {
namespace {

namespace fs = std::filesystem;
using testing::HasSubstr;

const fs::path kSamples = fs::path(UNMASK_DEPS_DIR) / "samples";

class JudgeFilesTest : public testing::Test {
 protected:
  JudgeFilesTest() {
    WriteMadeUpLite0(folder_.path() / "model.onnx", 64);
    options_.model = folder_.path() / "model.onnx";
    options_.detect_fps = 1;
    options_.faces_per_track = 2;
    std::ofstream(folder_.path() / "broken.mp4") << "no video";
    const fs::path clip = folder_.path() / "clip.mp4";
    const std::string command = "ffmpeg -nostdin -v error -i '" +
                                (kSamples / "franck.mp4").string() + "' -t 4 -an -c copy '" +
                                clip.string() + "'";
    EXPECT_EQ(std::system(command.c_str()), 0);
    files_ = {kSamples / "suit.jpg", folder_.path() / "broken.mp4", clip, kSamples / "sample2.jpg",
              kSamples / "missing.jpg"};
  }

  std::map<size_t, Verdict> Judge(int jobs) {
    std::map<size_t, Verdict> verdicts;
    FileJudge judge(options_, jobs, files_.size());
    judge.Judge(files_, nullptr, nullptr, [&](size_t i, Verdict verdict) {
      EXPECT_FALSE(verdicts.contains(i));
      verdicts[i] = std::move(verdict);
    });
    return verdicts;
  }

  TemporaryFolder folder_;
  DetectorOptions options_;
  std::vector<fs::path> files_;
};

TEST_F(JudgeFilesTest, MayBeAskedAgain) {
  FileJudge judge(options_, 2, files_.size());
  for (int time = 0; time < 2; ++time) {
    std::vector<double> scores(files_.size(), -1);
    judge.Judge(files_, nullptr, nullptr,
                [&](size_t i, Verdict verdict) { scores[i] = verdict.score; });
    EXPECT_EQ(std::count(scores.begin(), scores.end(), -1), 0) << time;
  }
}

TEST_F(JudgeFilesTest, TheVerdictsAreThoseOfOneAfterAnother) {
  Detector detector(options_);
  for (const int jobs : {1, 3}) {
    std::map<size_t, Verdict> verdicts = Judge(jobs);
    ASSERT_EQ(verdicts.size(), files_.size());
    for (size_t i = 0; i < files_.size(); ++i) {
      const Verdict expected = detector.TryJudge(files_[i]);
      const Verdict& verdict = verdicts[i];
      EXPECT_EQ(verdict.file, files_[i]);
      EXPECT_EQ(verdict.judgement, expected.judgement);
      EXPECT_EQ(verdict.error, expected.error);
      EXPECT_NEAR(verdict.score, expected.score, 1e-6);
      ASSERT_EQ(verdict.tracks.size(), expected.tracks.size());
      for (size_t t = 0; t < verdict.tracks.size(); ++t) {
        EXPECT_EQ(verdict.tracks[t].places.size(), expected.tracks[t].places.size());
      }
    }
    EXPECT_EQ(verdicts[1].judgement, Judgement::kError);
    EXPECT_GE(verdicts[3].tracks.size(), 2u);
  }
}

TEST_F(JudgeFilesTest, SharesItsThreadsOut) {
  options_.threads = 4;
  const FileJudge two(options_, 2, 10);
  EXPECT_EQ(two.jobs(), 2);
  EXPECT_EQ(two.threads(), 2);
  const FileJudge as_many(options_, 0, 10);
  EXPECT_EQ(as_many.jobs(), 4);
  EXPECT_EQ(as_many.threads(), 1);
  const FileJudge of_one(options_, 0, 1);
  EXPECT_EQ(of_one.jobs(), 1);
  EXPECT_EQ(of_one.threads(), 4);
  EXPECT_THROW(FileJudge(options_, -1, 1), UsageError);
}

TEST_F(JudgeFilesTest, ReportsProgressAndIsCancelled) {
  CancelToken cancel;
  FileJudge judge(options_, 2, files_.size());
  size_t done = 0;
  double passed = 0;
  const auto run = [&] {
    judge.Judge(
        files_, &cancel,
        [&](size_t file, double seconds, double) {
          if (file == 2) passed = std::max(passed, seconds);
          if (passed > 1) cancel.Cancel();
        },
        [&](size_t, const Verdict&) { ++done; });
  };
  EXPECT_THROW(run(), Cancelled);
  EXPECT_GT(passed, 1);
  EXPECT_LT(done, files_.size());
}

TEST_F(JudgeFilesTest, WhatTheCallerThrowsEndsIt) {
  options_.every_frame = true;  // the clip takes long
  files_ = {files_[2], files_[0]};
  FileJudge judge(options_, 2, files_.size());
  int calls = 0;
  double passed = 0;
  try {
    judge.Judge(
        files_, nullptr,
        [&](size_t, double seconds, double) { passed = std::max(passed, seconds); },
        [&](size_t, const Verdict&) {
          ++calls;
          throw Error("disk full");
        });
    FAIL();
  } catch (const Error& e) {
    EXPECT_THAT(e.what(), HasSubstr("disk full"));
  }
  EXPECT_EQ(calls, 1);
  EXPECT_LT(passed, 3);  // the clip was not judged to its end
}

}  // namespace
}  // namespace unmask
