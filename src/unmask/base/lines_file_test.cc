#include "unmask/base/lines_file.h"

#include <gmock/gmock.h>
#include <sys/resource.h>

#include <csignal>
#include <fstream>
#include <sstream>
#include <string>
#include <vector>

#include "unmask/base/temporary_folder.h"

namespace unmask {
namespace {

namespace fs = std::filesystem;
using testing::ElementsAre;
using testing::IsEmpty;
using Lines = std::vector<std::string>;

class LinesFileTest : public testing::Test {
 protected:
  void Write(const std::string& text) const { std::ofstream(path_, std::ios::binary) << text; }
  std::string Text() const {
    std::ifstream file(path_, std::ios::binary);
    std::stringstream text;
    text << file.rdbuf();
    return text.str();
  }

  static Lines LinesOf(const LinesFile& file) {
    Lines lines;
    file.ReadLines([&](const std::string& line) { lines.push_back(line); });
    return lines;
  }

  TemporaryFolder folder_;
  fs::path path_ = folder_.path() / "lines";
};

TEST_F(LinesFileTest, GrowsByLines) {
  {
    LinesFile file(path_);
    EXPECT_THAT(LinesOf(file), IsEmpty());
    file.Append("one");
    file.Append("");
    file.Append("two");
    EXPECT_EQ(Text(), "one\n\ntwo\n");
  }
  LinesFile file(path_);
  EXPECT_THAT(LinesOf(file), ElementsAre("one", "two"));
  file.Append("three");
  EXPECT_EQ(Text(), "one\n\ntwo\nthree\n");
}

TEST_F(LinesFileTest, ALineThatWasCutShortMakesWay) {
  Write("one\ntw");
  {
    LinesFile file(path_);
    EXPECT_THAT(LinesOf(file), ElementsAre("one"));
    EXPECT_EQ(Text(), "one\ntw");  // it may be somebody's file
    file.Append("three");
    EXPECT_EQ(Text(), "one\nthree\n");
  }
  Write("on");
  LinesFile file(path_);
  EXPECT_THAT(LinesOf(file), IsEmpty());
  file.Append("two");
  EXPECT_EQ(Text(), "two\n");
}

TEST_F(LinesFileTest, WhatOthersAddStays) {
  Write("one\ntw");
  LinesFile file(path_);
  EXPECT_EQ(file.tail(), "tw");
  file.Append("two");
  std::ofstream(path_, std::ios::app) << "others\n";
  file.Append("three");
  EXPECT_EQ(Text(), "one\ntwo\nothers\nthree\n");
  // The file stays the same under another name.
  const fs::path renamed = folder_.path() / "renamed";
  fs::rename(path_, renamed);
  file.Append("four");
  EXPECT_FALSE(fs::exists(path_));
  EXPECT_EQ(fs::file_size(renamed), std::string("one\ntwo\nothers\nthree\nfour\n").size());
}

TEST_F(LinesFileTest, HasOneWriter) {
  const LinesFile file(path_);
  EXPECT_THROW(LinesFile other(path_), Error);
}

TEST_F(LinesFileTest, NamesAFileThatCannotBeWritten) {
  EXPECT_THROW(LinesFile(folder_.path()), Error);
  EXPECT_THROW(LinesFile(folder_.path() / "missing" / "lines"), Error);
  EXPECT_THROW(LinesFile("/dev/null"), Error);
}

TEST_F(LinesFileTest, AFullDiskLeavesTheFileAsItWas) {
  LinesFile file(path_);
  file.Append("one");
  rlimit before{};
  ASSERT_EQ(getrlimit(RLIMIT_FSIZE, &before), 0);
  signal(SIGXFSZ, SIG_IGN);
  rlimit small = before;
  small.rlim_cur = 10;  // bytes: half of the next line fits
  ASSERT_EQ(setrlimit(RLIMIT_FSIZE, &small), 0);
  EXPECT_THROW(file.Append("a line that is longer"), UnwritableLines);
  ASSERT_EQ(setrlimit(RLIMIT_FSIZE, &before), 0);
  signal(SIGXFSZ, SIG_DFL);
  EXPECT_EQ(Text(), "one\n");
  file.Append("two");
  EXPECT_EQ(Text(), "one\ntwo\n");
}

}  // namespace
}  // namespace unmask
