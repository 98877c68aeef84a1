#include "unmask/base/child_process.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <csignal>
#include <fstream>
#include <sstream>

#include "unmask/base/error.h"
#include "unmask/base/temporary_folder.h"

namespace unmask {
namespace {

using testing::HasSubstr;

class ChildProcessTest : public testing::Test {
 protected:
  std::string Log() const {
    std::ifstream file(log_);
    std::stringstream text;
    text << file.rdbuf();
    return text.str();
  }

  TemporaryFolder folder_;
  const std::filesystem::path log_ = folder_.path() / "log.txt";
};

TEST_F(ChildProcessTest, AppendsWhatItSays) {
  for (const char* word : {"one", "two"}) {
    ChildProcess process({"/bin/sh", "-c", std::string("echo ") + word + "; echo err >&2"}, log_);
    ASSERT_TRUE(process.WaitFor(10000));
    EXPECT_TRUE(process.Succeeded());
  }
  EXPECT_EQ(Log(), "one\nerr\ntwo\nerr\n");
}

TEST_F(ChildProcessTest, WithoutALogItSpeaksOnStandardError) {
  testing::internal::CaptureStderr();
  ChildProcess process({"/bin/sh", "-c", "echo out; echo err >&2"});
  ASSERT_TRUE(process.WaitFor(10000));
  EXPECT_EQ(testing::internal::GetCapturedStderr(), "out\nerr\n");
}

TEST_F(ChildProcessTest, SaysHowItEnded) {
  ChildProcess failing({"/bin/sh", "-c", "exit 3"}, log_);
  ASSERT_TRUE(failing.WaitFor(10000));
  EXPECT_FALSE(failing.Succeeded());
  EXPECT_EQ(failing.HowItEnded(), "ended with code 3");
  ChildProcess killed({"/bin/sh", "-c", "kill -9 $$"}, log_);
  ASSERT_TRUE(killed.WaitFor(10000));
  EXPECT_THAT(killed.HowItEnded(), HasSubstr("killed by signal 9"));
}

TEST_F(ChildProcessTest, IsInterruptedAsByCtrlC) {
  ChildProcess process(
      {"/bin/sh", "-c",
       "trap 'echo saved; exit 130' INT; echo ready; while :; do sleep 0.05; done"},
      log_);
  for (int i = 0; i < 200 && Log() != "ready\n"; ++i) EXPECT_FALSE(process.WaitFor(50));
  process.Interrupt();
  ASSERT_TRUE(process.WaitFor(10000));
  EXPECT_EQ(process.HowItEnded(), "ended with code 130");
  EXPECT_EQ(Log(), "ready\nsaved\n");
}

TEST_F(ChildProcessTest, EndsWithItsObject) {
  const auto mark = folder_.path() / "pid";
  {
    ChildProcess process({"/bin/sh", "-c", "echo $$ > " + mark.string() + "; exec sleep 100"},
                         log_);
    for (int i = 0; i < 200 && !std::filesystem::exists(mark); ++i) process.WaitFor(50);
  }
  pid_t pid = 0;
  std::ifstream(mark) >> pid;
  ASSERT_GT(pid, 0);
  EXPECT_NE(kill(pid, 0), 0);
}

TEST_F(ChildProcessTest, MissingProgramAndLog) {
  EXPECT_THROW(ChildProcess({(folder_.path() / "none").string()}, log_), Error);
  EXPECT_THROW(ChildProcess({"/bin/true"}, folder_.path() / "none" / "log"), Error);
}

}  // namespace
}  // namespace unmask
