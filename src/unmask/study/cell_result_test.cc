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
    result_.recipe = cell_.recipe;
    result_.temperature = 2;
    result_.test = {{.file = "000.mp4",
                     .identity = "a",
                     .split = "test",
                     .class_name = "real",
                     .quality = "c23",
                     .label = 0,
                     .tracks = {{{0, -1.25}, {0, 0.00006}}, {{0, 3}}}},
                    {.file = "001.mp4", .class_name = "real", .failure = "damaged"},
                    {.file = "000_001.mp4", .class_name = "X", .label = 1, .tracks = {{{0, 2}}}}};
    result_.val = {result_.test[0], result_.test[2]};
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
  const Cell cell_{.quality = "c23",
                   .loss = "softmax",
                   .key = KeyOfRecipe({{"loss", "softmax"}}),
                   .recipe = {{"loss", "softmax"}}};
  CellResult result_;
};

TEST_F(CellResultTest, ComesBackWithScoresAtItsTemperature) {
  const CellResult read = ReadCellResult(file_, cell_);
  ASSERT_EQ(read.test.size(), 3);
  ASSERT_EQ(read.test[0].tracks.size(), 2);
  EXPECT_EQ(read.test[0].tracks[0][0].margin, -1.25);
  EXPECT_EQ(read.test[0].tracks[0][1].margin, 0.0001);  // four decimals
  EXPECT_DOUBLE_EQ(read.test[0].tracks[1][0].score, 1 / (1 + std::exp(-1.5)));
  EXPECT_EQ(read.test[0].quality, "c23");
  EXPECT_EQ(read.test[1].failure, "damaged");
  EXPECT_EQ(read.val.size(), 2);
}

TEST_F(CellResultTest, DamagedAndForeign) {
  EXPECT_THAT(Complaint("-1.2500", "one"), HasSubstr("'one' is no margin"));
  EXPECT_THAT(Complaint("\"test\"", "\"tst\""), HasSubstr("result.json: is damaged"));
  WriteCellResult(file_, result_);
  EXPECT_THAT(Complaint("\"loss\": \"softmax\"", "\"loss\": \"focal\""),
              HasSubstr("its key is not that of its recipe"));
  WriteCellResult(file_, result_);
  EXPECT_THAT(Complaint("\"label\": 1", "\"label\": 7"), HasSubstr("label 7"));
  WriteCellResult(file_, result_);
  EXPECT_THAT(Complaint("\"recipe\": {\"loss\": \"softmax\"}", "\"recipe\": 5"),
              HasSubstr("damaged"));
  result_.test.pop_back();
  WriteCellResult(file_, result_);
  EXPECT_THAT(Complaint("", ""), HasSubstr("no fake file of test has a face"));
  EXPECT_THROW(ReadCellResult(folder_.path() / "none.json", cell_), Error);
}

TEST_F(CellResultTest, OfAnotherCell) {
  const Cell other{.quality = "c40", .loss = "softmax", .key = cell_.key};
  EXPECT_THROW(ReadCellResult(file_, other), Error);
}

TEST_F(CellResultTest, AScoreThatIsNotFiniteFailsTheCell) {
  result_.test[2].tracks[0][0].margin = NAN;
  EXPECT_THROW(WriteCellResult(file_, result_), Error);
}

}  // namespace
}  // namespace unmask
