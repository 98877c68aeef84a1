#include "unmask/report/plot.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <cstdlib>
#include <fstream>
#include <iterator>
#include <limits>
#include <string>

#include "unmask/base/atomic_file.h"
#include "unmask/base/error.h"
#include "unmask/base/temporary_folder.h"
#include "unmask/report/gnuplot.h"

namespace unmask {
namespace {

namespace fs = std::filesystem;
using testing::HasSubstr;
using testing::Not;

constexpr double kNan = std::numeric_limits<double>::quiet_NaN();

std::string Read(const fs::path& path) {
  std::ifstream stream(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(stream), {}};
}

int FilesIn(const fs::path& folder) {
  return static_cast<int>(std::distance(fs::directory_iterator(folder), fs::directory_iterator()));
}

Plot OneLine(const std::string& title = "a line") {
  return {.title = title,
          .x = {.label = "x"},
          .y = {.label = "y"},
          .series = {{.title = "values", .x = {0, 1, 2}, .y = {1, 3, 2}}}};
}

int BigEndian(const std::string& bytes, size_t at) {
  int value = 0;
  for (size_t i = 0; i < 4; ++i) value = value << 8 | static_cast<unsigned char>(bytes[at + i]);
  return value;
}

TEST(PlotTest, TheSuffixDecidesTheFormat) {
  const TemporaryFolder folder;
  WritePlot(folder.path() / "a.png", OneLine());
  const std::string png = Read(folder.path() / "a.png");
  ASSERT_EQ(png.substr(0, 8), "\x89PNG\r\n\x1a\n");
  EXPECT_EQ(BigEndian(png, 16), 1600);
  EXPECT_EQ(BigEndian(png, 20), 1200);
  WritePlot(folder.path() / "a.SVG", OneLine());
  EXPECT_THAT(Read(folder.path() / "a.SVG"), HasSubstr("<svg"));
  EXPECT_THROW(WritePlot(folder.path() / "a.pdf", OneLine()), UsageError);
  EXPECT_EQ(FilesIn(folder.path()), 2);
}

TEST(PlotTest, EveryStyleIsDrawn) {
  const TemporaryFolder folder;
  Plot plot = OneLine();
  plot.series.clear();
  for (const SeriesStyle style :
       {SeriesStyle::kLine, SeriesStyle::kSteps, SeriesStyle::kPoints, SeriesStyle::kLinePoints,
        SeriesStyle::kBars, SeriesStyle::kReference}) {
    const double i = static_cast<double>(plot.series.size());
    plot.series.push_back({.title = "style" + std::to_string(plot.series.size()),
                           .x = {0, 1, 2},
                           .y = {i, kNan, i + 1},
                           .style = style,
                           .low = {i - 1, kNan, i},
                           .high = {i + 1, kNan, i + 2},
                           .bar_width = 0.5});
  }
  WriteFigure(folder.path() / "a.svg", {.panels = {plot, OneLine("second")}, .columns = 2});
  const std::string svg = Read(folder.path() / "a.svg");
  for (int i = 0; i < 6; ++i) EXPECT_THAT(svg, HasSubstr("style" + std::to_string(i)));
  EXPECT_THAT(svg, HasSubstr("second"));
}

TEST(PlotTest, TextIsNeverObeyed) {
  const TemporaryFolder folder;
  const std::string trace = (folder.path() / "trace").string();
  Plot plot =
      OneLine("`touch " + trace + "` '\nsystem('touch " + trace + "')\n# <b>&amp; x_1^2 \xff");
  plot.x.label = "'.system(\"touch " + trace + "\").'";
  plot.series[0].title = "@x {/Bold a} \"\\n ärger\nEND\n!touch " + trace;
  WritePlot(folder.path() / "it's $(touch x) `a`.svg", plot);
  EXPECT_FALSE(fs::exists(trace));
  const std::string svg = Read(folder.path() / "it's $(touch x) `a`.svg");
  EXPECT_THAT(svg, HasSubstr("x_1^2 ?"));
  EXPECT_THAT(svg, HasSubstr("{/Bold a}"));
  EXPECT_THAT(svg, HasSubstr("ärger END !touch"));
  EXPECT_THAT(svg, Not(HasSubstr("<b>")));
  EXPECT_EQ(FilesIn(folder.path()), 1);
}

TEST(PlotTest, StringsAreQuoted) {
  EXPECT_EQ(GnuplotString("it's\t\xc3\xa4 \xc3 \xe2\x80"), "'it\xe2\x80\x99s \xc3\xa4 ? ?\?'");
}

TEST(PlotTest, WhatCannotBeDrawnIsRefused) {
  const TemporaryFolder folder;
  const fs::path path = folder.path() / "a.png";
  const auto refuse = [&](const Plot& plot, const std::string& cause) {
    try {
      WritePlot(path, plot);
      ADD_FAILURE() << "drawn: " << cause;
    } catch (const Error& e) {
      EXPECT_THAT(e.problem(), HasSubstr(cause));
    }
  };
  Plot plot = OneLine();
  plot.series[0].y.pop_back();
  refuse(plot, "3 x but 2 y");
  plot = OneLine();
  plot.series[0].low = {1, 2};
  plot.series[0].high = {1, 2};
  refuse(plot, "its band");
  plot = OneLine();
  plot.series[0].y = {kNan, kNan, kNan};
  refuse(plot, "plot 'a line': nothing to draw");
  plot = OneLine();
  plot.series[0].style = SeriesStyle::kBars;
  refuse(plot, "bars need a width");
  EXPECT_THROW(WriteFigure(path, {}), Error);
  EXPECT_THROW(WritePlot(folder.path() / "none" / "a.png", OneLine()), Error);
  EXPECT_EQ(FilesIn(folder.path()), 0);
}

TEST(PlotTest, OnePointIsEnough) {
  const TemporaryFolder folder;
  Plot plot = OneLine();
  plot.series = {{.x = {1}, .y = {1}, .style = SeriesStyle::kPoints}, {.title = "none"}};
  WritePlot(folder.path() / "a.png", plot);
  EXPECT_TRUE(fs::exists(folder.path() / "a.png"));
}

// PATH as it was, when the test ends.
class Path {
 public:
  explicit Path(const std::string& value) { setenv("PATH", value.c_str(), 1); }
  ~Path() { setenv("PATH", before_.c_str(), 1); }
  Path(const Path&) = delete;
  Path& operator=(const Path&) = delete;

 private:
  std::string before_ = getenv("PATH");
};

TEST(PlotTest, AMissingGnuplotIsNamed) {
  const TemporaryFolder folder;
  const Path path(folder.path());
  try {
    WritePlot(folder.path() / "a.png", OneLine());
    FAIL();
  } catch (const Error& e) {
    EXPECT_THAT(e.problem(), HasSubstr("not installed"));
    EXPECT_THAT(e.remedy(), HasSubstr("gnuplot-nox"));
  }
  EXPECT_EQ(FilesIn(folder.path()), 0);
}

TEST(PlotTest, AFailingGnuplotSaysWhy) {
  const TemporaryFolder folder;
  WriteTextFile(folder.path() / "gnuplot", "#!/bin/sh\necho no paper >&2; exit 3\n");
  fs::permissions(folder.path() / "gnuplot", fs::perms::owner_all);
  const Path path(folder.path());
  try {
    WritePlot(folder.path() / "a.png", OneLine());
    FAIL();
  } catch (const Error& e) {
    EXPECT_THAT(e.problem(), HasSubstr("no paper"));
  }
  EXPECT_EQ(FilesIn(folder.path()), 1);
}

TEST(PlotTest, APictureThatIsCutShortIsNone) {
  const TemporaryFolder folder, drawn;
  WritePlot(drawn.path() / "whole.png", OneLine());
  // As on a full disk, which gnuplot does not mind.
  WriteTextFile(folder.path() / "gnuplot",
                "#!/bin/sh\n/usr/bin/head -c 5000 " + (drawn.path() / "whole.png").string() + "\n");
  fs::permissions(folder.path() / "gnuplot", fs::perms::owner_all);
  const Path path(folder.path());
  EXPECT_THROW(WritePlot(folder.path() / "a.png", OneLine()), Error);
  EXPECT_EQ(FilesIn(folder.path()), 1);
}

}  // namespace
}  // namespace unmask
