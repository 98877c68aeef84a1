#include "unmask/base/toml.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>
#include <nlohmann/json.hpp>
#include <string>

#include "unmask/base/atomic_file.h"
#include "unmask/base/error.h"
#include "unmask/base/temporary_folder.h"

namespace unmask {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

class Toml : public testing::Test {
 protected:
  TomlTable Parse(const std::string& text) const {
    WriteTextFile(folder_.path() / "run.toml", text);
    return TomlTable::FromFile(folder_.path() / "run.toml");
  }

  static std::string ErrorOf(const std::function<void()>& call) {
    try {
      call();
    } catch (const Error& e) {
      return e.what();
    }
    return "no error";
  }

  const TemporaryFolder folder_;
};

TEST_F(Toml, ReadsEachType) {
  const TomlTable table = Parse(
      "steps = 20\nrate = 5e-4\nwhole = 3\nname = \"two \\\"words\\\"\"\nbest = true\n"
      "weights = [1, 2.5]\nfreeze = [\"blocks.0\", 'stem']\n[blur]\nradius = 2\n");
  int64_t steps = 0;
  double rate = 0, whole = 0, kept = 7, radius = 0;
  std::string name;
  bool best = false;
  std::vector<double> weights;
  std::vector<std::string> freeze;
  table.Read("steps", steps);
  table.Read("rate", rate);
  table.Read("whole", whole);
  table.Read("absent", kept);
  table.Read("name", name);
  table.Read("best", best);
  table.Read("weights", weights);
  table.Read("freeze", freeze);
  table.Table("blur").Read("radius", radius);
  EXPECT_EQ(steps, 20);
  EXPECT_EQ(rate, 5e-4);
  EXPECT_EQ(whole, 3);
  EXPECT_EQ(kept, 7);
  EXPECT_EQ(name, "two \"words\"");
  EXPECT_TRUE(best);
  EXPECT_THAT(weights, ElementsAre(1, 2.5));
  EXPECT_THAT(freeze, ElementsAre("blocks.0", "stem"));
  EXPECT_EQ(radius, 2);
  EXPECT_THAT(table.keys(),
              ElementsAre("steps", "rate", "whole", "name", "best", "weights", "freeze", "blur"));
}

TEST_F(Toml, WrongTypesNameFileLineAndKey) {
  const TomlTable table = Parse(
      "steps = 2.0\nrate = \"x\"\nbest = 1\n[a.b]\nfreeze = [\"x\", 1]\nwhen = 2020-01-01\n"
      "n = nan\n");
  int64_t steps = 0;
  double number = 0;
  bool best = false;
  std::string text;
  std::vector<std::string> list;
  EXPECT_THAT(ErrorOf([&] { table.Read("steps", steps); }),
              HasSubstr("run.toml, line 1: steps must be a whole number"));
  EXPECT_THAT(ErrorOf([&] { table.Read("rate", number); }),
              HasSubstr("line 2: rate must be a num"));
  EXPECT_THAT(ErrorOf([&] { table.Read("best", best); }), HasSubstr("line 3: best must be true"));
  EXPECT_THAT(ErrorOf([&] { table.Read("steps", text); }), HasSubstr("text in quotes"));
  const TomlTable inner = table.Table("a").Table("b");
  EXPECT_THAT(ErrorOf([&] { inner.Read("freeze", list); }),
              HasSubstr("line 5: a.b.freeze must be a list of texts"));
  EXPECT_THAT(ErrorOf([&] { inner.Value("when"); }), HasSubstr("line 6: a.b.when must be"));
  EXPECT_THAT(ErrorOf([&] { inner.Read("n", number); }), HasSubstr("finite"));
  EXPECT_THAT(ErrorOf([&] { table.Table("steps"); }), HasSubstr("steps must be a table"));
}

TEST_F(Toml, UnknownKeysSuggestTheNearest) {
  const TomlTable table = Parse("[blur]\nradius = 1\nprobabilty = 0.5\n");
  EXPECT_THAT(ErrorOf([&] {
                table.Table("blur").RefuseUnknownKeys({"radius", "probability"});
              }),
              HasSubstr("line 3: blur.probabilty is unknown. Did you mean 'probability'?"));
  table.Table("blur").RefuseUnknownKeys({"radius", "probabilty"});
}

TEST_F(Toml, WhatIsNoTomlNamesTheLine) {
  EXPECT_THAT(ErrorOf([&] { Parse("a = 1\na = 2\n"); }), HasSubstr("run.toml, line 2: is not"));
  EXPECT_THAT(ErrorOf([&] { Parse("a = \n"); }), HasSubstr("run.toml, line 1: is not valid TOML"));
  EXPECT_THAT(ErrorOf([&] { Parse("a = \"\xff\"\n"); }), HasSubstr("is not valid TOML"));
  EXPECT_THAT(ErrorOf([&] { Parse("a = " + std::string(100000, '[')); }), HasSubstr("not valid"));
  EXPECT_THAT(ErrorOf([] { TomlTable::FromFile("/no/such.toml"); }), HasSubstr("/no/such.toml"));
  EXPECT_THAT(ErrorOf([] { TomlTable::FromFile("/tmp"); }), HasSubstr("cannot open /tmp"));
}

TEST_F(Toml, WhatIsWrittenReadsBack) {
  const Json values = {
      {"text", "a \"b\" \\ \n\t\x01\x7f é"}, {"tiny", 5e-324},   {"third", 1.0 / 3},
      {"large", int64_t{1} << 62},           {"round", 1e20},    {"off", false},
      {"odd key.", Json::array({"x", "y"})}, {"", Json::array()}};
  std::string text;
  for (const auto& [key, value] : values.items()) {
    text += FormatTomlKey(key) + " = " + FormatTomlValue(value) + "\n";
  }
  const TomlTable table = Parse(text);
  for (const auto& [key, value] : values.items()) EXPECT_EQ(table.Value(key), value) << key;
}

}  // namespace
}  // namespace unmask
