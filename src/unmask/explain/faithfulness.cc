#include "unmask/explain/faithfulness.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <iterator>
#include <numeric>

#include "unmask/base/error.h"
#include "unmask/base/random.h"
#include "unmask/base/text.h"

namespace unmask {
namespace {

// A gain of less is within what another seed of the random maps changes.
constexpr double kNoise = 0.02;
constexpr double kCentreDeviation = 0.25;  // of the bump in the middle, in widths of the crop

Image MeanColour(const Image& crop) {
  std::array<int64_t, 3> sums{};
  for (size_t i = 0; i < crop.data.size(); ++i) sums[i % 3] += crop.data[i];
  Image flat(crop.width, crop.height);
  const int64_t pixels = int64_t{crop.width} * crop.height;
  for (size_t i = 0; i < flat.data.size(); ++i) {
    flat.data[i] = static_cast<uint8_t>((sums[i % 3] + pixels / 2) / pixels);
  }
  return flat;
}

// The map moved to another place, around the edges: as smooth and as large, but it marks the wrong
// pixels. Noise would be easier to beat, as scattered pixels hardly change a score.
HeatMap Misplaced(const HeatMap& map, Random& random) {
  const auto away = [&](int side) {  // at least a quarter of the side
    const int least = std::max(1, side / 4);
    return side < 2
               ? 0
               : least + static_cast<int>(UniformInt(random, std::max(1, side - 2 * least + 1)));
  };
  const int dx = away(map.width), dy = away(map.height);
  HeatMap moved = map;
  for (int y = 0; y < map.height; ++y) {
    for (int x = 0; x < map.width; ++x) {
      moved.values[static_cast<size_t>((y + dy) % map.height * map.width + (x + dx) % map.width)] =
          map.values[static_cast<size_t>(y * map.width + x)];
    }
  }
  return moved;
}

HeatMap Bump() {
  constexpr int kCells = 32;
  HeatMap map{kCells, kCells, {}};
  for (int row = 0; row < kCells; ++row) {
    for (int column = 0; column < kCells; ++column) {
      const double x = (column + 0.5) / kCells - 0.5, y = (row + 0.5) / kCells - 0.5;
      map.values.push_back(static_cast<float>(
          std::exp(-(x * x + y * y) / (2 * kCentreDeviation * kCentreDeviation))));
    }
  }
  return map;
}

// Pixels of the crop, those with the largest values of the map first; equal ones at random, so that
// where a map is zero no side is preferred.
std::vector<size_t> PixelOrder(const Image& crop, const HeatMap& map, Random& random) {
  std::vector<float> values;
  for (int y = 0; y < crop.height; ++y) {
    for (int x = 0; x < crop.width; ++x) {
      values.push_back(map.At((x + 0.5) / crop.width, (y + 0.5) / crop.height));
    }
  }
  std::vector<size_t> order(values.size());
  std::iota(order.begin(), order.end(), size_t{0});
  for (size_t i = order.size(); i > 1; --i) {
    std::swap(order[i - 1],
              order[static_cast<size_t>(UniformInt(random, static_cast<int64_t>(i)))]);
  }
  std::stable_sort(order.begin(), order.end(),
                   [&](size_t a, size_t b) { return values[a] > values[b]; });
  return order;
}

class Test {
 public:
  Test(Classifier& classifier, const Image& crop, ExplainedTarget target,
       const FaithfulnessOptions& options)
      : classifier_(classifier),
        crop_(crop),
        empty_(MeanColour(crop)),
        real_(target == ExplainedTarget::kReal),
        steps_(options.steps),
        random_(DeriveSeed(options.seed, "faithfulness")) {}

  Faithfulness Run(const HeatMap& map, int random_maps) {
    const std::vector<Image> ends = {crop_, empty_};
    const std::vector<double> scores = Scores(ends);
    Faithfulness result{.faces = 1, .original = scores[0], .empty = scores[1]};
    result.map = Areas(map);
    result.centre = Areas(Bump());
    for (int i = 0; i < random_maps; ++i) {
      const FaithfulnessAreas areas = Areas(Misplaced(map, random_));
      result.random.deletion += areas.deletion / random_maps;
      result.random.insertion += areas.insertion / random_maps;
    }
    return result;
  }

 private:
  std::vector<double> Scores(const std::vector<Image>& crops) {
    std::vector<double> scores = classifier_.Classify(crops);
    for (double& score : scores) score = real_ ? 1 - score : score;
    return scores;
  }

  FaithfulnessAreas Areas(const HeatMap& map) {
    const std::vector<size_t> order = PixelOrder(crop_, map, random_);
    return {Area(crop_, empty_, order), Area(empty_, crop_, order)};
  }

  // The area under the score while `from` becomes `to`, by trapezoids.
  double Area(const Image& from, const Image& to, const std::vector<size_t>& order) {
    std::vector<Image> crops = {from};
    size_t done = 0;
    for (int step = 1; step <= steps_; ++step) {
      Image next = crops.back();
      for (const size_t end = order.size() * static_cast<size_t>(step) / steps_; done < end;
           ++done) {
        std::copy_n(to.data.begin() + static_cast<std::ptrdiff_t>(3 * order[done]), 3,
                    next.data.begin() + static_cast<std::ptrdiff_t>(3 * order[done]));
      }
      crops.push_back(std::move(next));
    }
    const std::vector<double> scores = Scores(crops);
    double area = 0;
    for (size_t i = 1; i < scores.size(); ++i) area += (scores[i - 1] + scores[i]) / 2 / steps_;
    return area;
  }

  Classifier& classifier_;
  const Image& crop_;
  const Image empty_;  // of the mean colour throughout
  const bool real_;
  const int steps_;
  Random random_;
};

}  // namespace

std::string_view NameOf(MapMeaning meaning) {
  constexpr std::string_view kNames[] = {"meaningful", "unspecific", "meaningless", "untestable"};
  return kNames[static_cast<size_t>(meaning)];
}

MapMeaning Faithfulness::meaning() const {
  if (original - empty < kNoise) return MapMeaning::kUntestable;
  if (map.gain() <= random.gain() + kNoise) return MapMeaning::kMeaningless;
  return map.gain() > centre.gain() + kNoise ? MapMeaning::kMeaningful : MapMeaning::kUnspecific;
}

std::string DescribeFaithfulness(const Faithfulness& f) {
  switch (f.meaning()) {
    case MapMeaning::kMeaningful:
      return "the maps mean something: painting over what they mark, and showing it alone, changes "
             "the score more than the same done elsewhere or in the middle of the face";
    case MapMeaning::kUnspecific:
      return "the maps mean little: what they mark matters more than other places do, but the "
             "middle of the face matters as much";
    case MapMeaning::kMeaningless:
      return "the maps mean nothing here: the same maps moved elsewhere mark what matters as well";
    case MapMeaning::kUntestable:
      break;
  }
  return "the maps cannot be tested: the score does not fall when the whole face is painted over";
}

Faithfulness TestMap(Classifier& classifier, const Image& crop, const HeatMap& map,
                     ExplainedTarget target, const FaithfulnessOptions& options) {
  if (map.empty() || options.steps < 1 || options.random_maps < 1) {
    throw Error("faithfulness: a map, a step and a random map are needed");
  }
  return Test(classifier, crop, target, options).Run(map, options.random_maps);
}

Faithfulness MeanOf(const std::vector<Faithfulness>& tests) {
  Faithfulness mean;
  const auto share = 1.0 / static_cast<double>(std::max<size_t>(tests.size(), 1));
  for (const Faithfulness& test : tests) {
    mean.faces += test.faces;
    mean.original += share * test.original;
    mean.empty += share * test.empty;
    for (const auto part : {&Faithfulness::map, &Faithfulness::random, &Faithfulness::centre}) {
      (mean.*part).deletion += share * (test.*part).deletion;
      (mean.*part).insertion += share * (test.*part).insertion;
    }
  }
  return mean;
}

}  // namespace unmask
