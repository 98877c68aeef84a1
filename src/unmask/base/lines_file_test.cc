#include "unmask/base/lines_file.h"

#include <gmock/gmock.h>

#include <fstream>
#include <sstream>

#include "unmask/base/temporary_folder.h"

namespace unmask {
namespace {

namespace fs = std::filesystem;
using testing::ElementsAre;
using testing::IsEmpty;

class LinesFileTest : public testing::Test {
 protected:
  void Write(const std::string& text) const { std::ofstream(path_, std::ios::binary) << text; }
  std::string Text() const {
    std::ifstream file(path_, std::ios::binary);
    std::stringstream text;
    text << file.rdbuf();
    return text.str();
  }

  TemporaryFolder folder_;
  fs::path path_ = folder_.path() / "lines";
};

TEST_F(LinesFileTest, GrowsByLines) {
  {
    LinesFile file(path_);
    EXPECT_THAT(file.TakeLines(), IsEmpty());
    file.Append("one");
    file.Append("");
    file.Append("two");
    EXPECT_EQ(Text(), "one\n\ntwo\n");
  }
  LinesFile file(path_);
  EXPECT_THAT(file.TakeLines(), ElementsAre("one", "two"));
  EXPECT_THAT(file.TakeLines(), IsEmpty());
  file.Append("three");
  EXPECT_EQ(Text(), "one\n\ntwo\nthree\n");
}

TEST_F(LinesFileTest, ALineThatWasCutShortMakesWay) {
  Write("one\ntw");
  {
    LinesFile file(path_);
    EXPECT_THAT(file.TakeLines(), ElementsAre("one"));
    EXPECT_EQ(Text(), "one\ntw");  // it may be somebody's file
    file.Append("three");
    EXPECT_EQ(Text(), "one\nthree\n");
  }
  Write("on");
  LinesFile file(path_);
  EXPECT_THAT(file.TakeLines(), IsEmpty());
  file.Append("two");
  EXPECT_EQ(Text(), "two\n");
}

TEST_F(LinesFileTest, HasOneWriter) {
  const LinesFile file(path_);
  EXPECT_THROW(LinesFile other(path_), Error);
}

TEST_F(LinesFileTest, NamesAFileThatCannotBeWritten) {
  EXPECT_THROW(LinesFile(folder_.path()), Error);
  EXPECT_THROW(LinesFile(folder_.path() / "missing" / "lines"), Error);
  LinesFile file(path_);
  fs::remove(path_);
  fs::create_directory(path_);
  EXPECT_THROW(file.Append("one"), UnwritableLines);
}

}  // namespace
}  // namespace unmask
