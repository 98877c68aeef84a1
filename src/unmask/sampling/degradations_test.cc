#include "unmask/sampling/degradations.h"

#include <gmock/gmock.h>

#include <set>

#include "unmask/base/atomic_file.h"
#include "unmask/base/error.h"
#include "unmask/base/temporary_folder.h"

namespace unmask {
namespace {

using testing::HasSubstr;

// What `levels` read from this text, or the error.
std::string Problem(DegradationLevels& levels, const std::string& text) {
  const TemporaryFolder folder;
  WriteTextFile(folder.path() / "run.toml", text);
  try {
    levels.Read(TomlTable::FromFile(folder.path() / "run.toml").Table("degradations"));
  } catch (const UsageError& e) {
    return e.what();
  }
  return "";
}

std::string Problem(const std::string& text) {
  DegradationLevels levels;
  return Problem(levels, text);
}

std::string SetProblem(const std::string& text) {
  DegradationLevels levels;
  try {
    levels.Set(text);
  } catch (const UsageError& e) {
    return e.what();
  }
  return "";
}

TEST(DegradationsTest, TheTableHoldsPossibleLevelsUnderDifferentNames) {
  std::set<std::string_view> names;
  for (const DegradationKind& kind : Degradations()) {
    EXPECT_TRUE(names.insert(kind.name).second) << kind.name;
    EXPECT_FALSE(kind.summary.empty()) << kind.name;
    EXPECT_GT(kind.standard.probability, 0) << kind.name;
  }
  DegradationLevels().Validate();
  EXPECT_EQ(Degradations()[static_cast<size_t>(Degradation::kCutOut)].name, "cut-out");
}

TEST(DegradationsTest, TomlChangesWhatItNamesAndNothingElse) {
  DegradationLevels levels;
  EXPECT_EQ(Problem(levels,
                    "[degradations.blur]\nrange = [0.5, 2]\n"
                    "[degradations.h264]\nprobability = 1\n"),
            "");
  const DegradationLevels standard;
  EXPECT_EQ(levels[Degradation::kBlur],
            (DegradationLevel{standard[Degradation::kBlur].probability, 0.5, 2}));
  EXPECT_EQ(levels[Degradation::kH264], (DegradationLevel{1, standard[Degradation::kH264].low,
                                                          standard[Degradation::kH264].high}));
  levels[Degradation::kBlur] = DegradationLevels()[Degradation::kBlur];
  levels[Degradation::kH264] = DegradationLevels()[Degradation::kH264];
  EXPECT_EQ(levels, DegradationLevels());
}

TEST(DegradationsTest, WrittenAsTomlTheyAreReadBackTheSame) {
  DegradationLevels written, read;
  written.Set("noise=0.123456789,2,3.5");
  written.Set("flip=0");
  EXPECT_EQ(Problem(read, written.ToToml("degradations")), "");
  EXPECT_EQ(read, written);
}

TEST(DegradationsTest, MistakesInTomlNameFileLineAndKey) {
  EXPECT_THAT(Problem("[degradations.blurr]\nprobability = 1\n"), HasSubstr("blur"));
  EXPECT_THAT(Problem("[degradations.blur]\nprobabilty = 1\n"), HasSubstr("probability"));
  EXPECT_THAT(Problem("[degradations.blur]\nprobability = 2\n"),
              HasSubstr("run.toml, line 2: degradations.blur.probability must lie in 0 … 1"));
  EXPECT_THAT(Problem("[degradations.jpeg]\nrange = [0, 50]\n"),
              HasSubstr("degradations.jpeg.range must lie in 1.0 … 100.0 (quality)"));
  EXPECT_THAT(Problem("[degradations.jpeg]\nrange = [50, 30]\n"), HasSubstr("lower end"));
  EXPECT_THAT(Problem("[degradations.jpeg]\nrange = [50]\n"), HasSubstr("two numbers"));
  EXPECT_THAT(Problem("[degradations.jpeg]\nrange = [nan, 50]\n"), HasSubstr("range"));
  EXPECT_THAT(Problem("[degradations.flip]\nrange = [0, 1]\n"), HasSubstr("range"));
  EXPECT_THAT(Problem("[degradations]\nblur = 0.5\n"), HasSubstr("blur"));
}

TEST(DegradationsTest, AreSetByText) {
  DegradationLevels levels;
  levels.Set("blur=0.5");
  EXPECT_EQ(levels[Degradation::kBlur], (DegradationLevel{0.5, 0.3, 1.5}));
  levels.Set("blur=1,2,2");
  EXPECT_EQ(levels[Degradation::kBlur], (DegradationLevel{1, 2, 2}));
  EXPECT_THAT(SetProblem("blurr=1"), HasSubstr("'blur'"));
  for (const char* wrong : {"blur", "blur=", "blur=x", "blur=1,2", "blur=0.5,1,2,3", "blur=1.5",
                            "blur=-0.1", "blur=0.5,3,1", "blur=0.5,1,99", "blur=nan", "flip=1,2,3",
                            "jpeg=1,0,50", "", "=1", "blur=0.5 "}) {
    EXPECT_NE(SetProblem(wrong), "") << wrong;
  }
}

}  // namespace
}  // namespace unmask
