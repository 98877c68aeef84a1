#include "unmask/study/cell_result.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <fstream>
#include <sstream>

#include "unmask/base/error.h"
#include "unmask/base/temporary_folder.h"

namespace unmask {
namespace {

using testing::HasSubstr;

class CellResultTest : public testing::Test {
 protected:
  CellResultTest() {
    result_.name = cell_.name();
    result_.key = cell_.key;
    result_.recipe = {{"loss", "softmax"}};
    result_.temperature = 2;
    result_.test = {{.file = "000.mp4",
                     .identity = "a",
                     .split = "test",
                     .class_name = "real",
                     .quality = "c23",
                     .label = 0,
                     .tracks = {{{0, -1.25}, {0, 0.00006}}, {{0, 3}}}},
                    {.file = "001.mp4", .class_name = "real", .failure = "damaged"}};
    WriteCellResult(file_, result_);
  }

  std::string Complaint(const std::string& old, const std::string& replacement) {
    std::stringstream text;
    text << std::ifstream(file_).rdbuf();
    std::string changed = text.str();
    changed.replace(changed.find(old), old.size(), replacement);
    std::ofstream(file_) << changed;
    try {
      ReadCellResult(file_, cell_);
    } catch (const Error& e) {
      return e.what();
    }
    return "none";
  }

  TemporaryFolder folder_;
  const std::filesystem::path file_ = folder_.path() / "result.json";
  const Cell cell_{.quality = "c23", .loss = "softmax", .key = "0123456789abcdef"};
  CellResult result_;
};

TEST_F(CellResultTest, ComesBackWithScoresAtItsTemperature) {
  const CellResult read = ReadCellResult(file_, cell_);
  ASSERT_EQ(read.test.size(), 2);
  ASSERT_EQ(read.test[0].tracks.size(), 2);
  EXPECT_EQ(read.test[0].tracks[0][0].margin, -1.25);
  EXPECT_EQ(read.test[0].tracks[0][1].margin, 0.0001);  // four decimals
  EXPECT_DOUBLE_EQ(read.test[0].tracks[1][0].score, 1 / (1 + std::exp(-1.5)));
  EXPECT_EQ(read.test[0].quality, "c23");
  EXPECT_EQ(read.test[1].failure, "damaged");
  EXPECT_TRUE(read.val.empty());
}

TEST_F(CellResultTest, DamagedAndForeign) {
  EXPECT_THAT(Complaint("-1.2500", "one"), HasSubstr("'one' is no margin"));
  EXPECT_THAT(Complaint("\"test\"", "\"tst\""), HasSubstr("result.json: is damaged"));
  WriteCellResult(file_, result_);
  EXPECT_THAT(Complaint("0123456789abcdef", "f123456789abcdef"), HasSubstr("f123456789abcdef"));
  EXPECT_THROW(ReadCellResult(folder_.path() / "none.json", cell_), Error);
}

}  // namespace
}  // namespace unmask
