#include "unmask/report/critical_difference.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <iterator>
#include <regex>
#include <string>
#include <vector>

#include "unmask/base/error.h"
#include "unmask/base/random.h"
#include "unmask/base/temporary_folder.h"

namespace unmask {
namespace {

namespace fs = std::filesystem;
using testing::HasSubstr;

std::string Read(const fs::path& path) {
  std::ifstream stream(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(stream), {}};
}

CriticalDifferenceDiagram Diagram(size_t methods, size_t blocks, double step,
                                  const std::string& prefix = "method ") {
  CriticalDifferenceDiagram diagram{.title = "AUC"};
  Random random(methods);
  std::vector<std::vector<double>> values(methods);
  for (size_t m = 0; m < methods; ++m) {
    diagram.names.push_back(prefix + std::to_string(m));
    for (size_t b = 0; b < blocks; ++b) {
      values[m].push_back(step * static_cast<double>(m) + Normal(random, 0, 1));
    }
  }
  diagram.friedman = RunFriedmanTest(values, true);
  return diagram;
}

// Where the texts of a drawing stand: gnuplot's SVG has one <g transform="translate(x,y)"> a text.
std::vector<std::pair<double, double>> PlacesOfTexts(const std::string& svg) {
  std::vector<std::pair<double, double>> places;
  const std::regex pattern("<g transform=\"translate\\(([0-9.]+),([0-9.]+)\\)\"");
  for (std::sregex_iterator it(svg.begin(), svg.end(), pattern), end; it != end; ++it) {
    places.emplace_back(std::stod((*it)[1]), std::stod((*it)[2]));
  }
  return places;
}

TEST(CriticalDifferenceTest, NamesRanksAndTheDifferenceAreThere) {
  const TemporaryFolder folder;
  for (const size_t methods : {2, 3, 8, 12}) {
    const CriticalDifferenceDiagram diagram = Diagram(methods, 10, 0.7);
    const fs::path path = folder.path() / (std::to_string(methods) + ".svg");
    WriteCriticalDifference(path, diagram);
    const std::string svg = Read(path);
    for (const std::string& name : diagram.names) EXPECT_THAT(svg, HasSubstr(name));
    EXPECT_THAT(svg, HasSubstr("critical difference"));
    EXPECT_THAT(svg, HasSubstr("over 10 blocks"));
    // No two texts at one place.
    const auto places = PlacesOfTexts(svg);
    EXPECT_GE(places.size(), 2 * methods + 2);
    for (size_t a = 0; a < places.size(); ++a) {
      for (size_t b = a + 1; b < places.size(); ++b) {
        EXPECT_TRUE(std::abs(places[a].first - places[b].first) > 20 ||
                    std::abs(places[a].second - places[b].second) > 15)
            << methods << ": texts " << a << " and " << b;
      }
    }
  }
}

TEST(CriticalDifferenceTest, AnythingIsAName) {
  const TemporaryFolder folder;
  CriticalDifferenceDiagram diagram = Diagram(4, 6, 0.3);
  diagram.title = "";
  diagram.names = {"it's `date` @x", "größe\xff\n", "", std::string(200, 'x')};
  WriteCriticalDifference(folder.path() / "a.svg", diagram);
  const std::string svg = Read(folder.path() / "a.svg");
  EXPECT_THAT(svg, HasSubstr("`date` @x"));
  EXPECT_THAT(svg, HasSubstr("größe?"));
  EXPECT_THAT(svg, HasSubstr("x…x"));
  WriteCriticalDifference(folder.path() / "a.png", diagram);
  EXPECT_EQ(Read(folder.path() / "a.png").substr(1, 3), "PNG");
}

TEST(CriticalDifferenceTest, BadInputLeavesNothing) {
  const TemporaryFolder folder;
  CriticalDifferenceDiagram diagram = Diagram(3, 5, 1);
  EXPECT_THROW(WriteCriticalDifference(folder.path() / "a.pdf", diagram), UsageError);
  diagram.names.pop_back();
  EXPECT_THROW(WriteCriticalDifference(folder.path() / "a.png", diagram), Error);
  EXPECT_THROW(WriteCriticalDifference(folder.path() / "a.png", {}), Error);
  EXPECT_TRUE(fs::is_empty(folder.path()));
}

}  // namespace
}  // namespace unmask
