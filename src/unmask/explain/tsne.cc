#include "unmask/explain/tsne.h"

#include <algorithm>
#include <cmath>
#include <string>
#include <vector>

#include "unmask/base/error.h"
#include "unmask/base/random.h"
#include "unmask/base/text.h"
#include "unmask/explain/affinities.h"
#include "unmask/explain/neighbours.h"
#include "unmask/explain/pca.h"
#include "unmask/explain/tsne_objective.h"

namespace unmask {
namespace {

constexpr double kFirstSpread = 1e-4;  // of the map to start from, along its longer axis

// The two first principal components, small, with noise.
Points FirstMap(const Points& data, const TsneOptions& options) {
  Points map(data.count, 2);
  const Pca pca = FitPca(data, 2);
  const double spread = pca.variances.empty() ? 0 : std::sqrt(pca.variances[0]);
  if (spread > 0) {
    const Points projected = pca.Project(data);
    for (size_t i = 0; i < data.count; ++i) {
      for (size_t d = 0; d < projected.dimensions; ++d) {
        map.row(i)[d] = projected.row(i)[d] / spread * kFirstSpread;
      }
    }
  }
  Random random(DeriveSeed(options.seed, "tsne"));
  const double noise = spread > 0 ? kFirstSpread / 100 : kFirstSpread;
  for (double& value : map.values) value += Normal(random, 0, noise);
  return map;
}

void MoveToMean0(Points& map) {
  for (size_t d = 0; d < 2; ++d) {
    double mean = 0;
    for (size_t i = 0; i < map.count; ++i) mean += map.row(i)[d];
    mean /= static_cast<double>(map.count);
    for (size_t i = 0; i < map.count; ++i) map.row(i)[d] -= mean;
  }
}

// Gradient descent with momentum, and a gain for each coordinate that grows while its gradient
// keeps its direction (Jacobs, 1988).
class Descent {
 public:
  explicit Descent(size_t values) : velocity_(values, 0.0), gain_(values, 1.0) {}

  void Step(const Points& gradient, double rate, double momentum, Points& map) {
    for (size_t i = 0; i < velocity_.size(); ++i) {
      const double slope = gradient.values[i];
      const bool same_way = slope * velocity_[i] < 0;  // still downhill
      gain_[i] = std::max(same_way ? gain_[i] + 0.2 : gain_[i] * 0.8, 0.01);
      velocity_[i] = momentum * velocity_[i] - rate * gain_[i] * slope;
      map.values[i] += velocity_[i];
    }
  }

 private:
  std::vector<double> velocity_, gain_;
};

}  // namespace

void TsneOptions::Validate() const {
  const auto refuse = [](const std::string& rule, double value) {
    throw UsageError(rule + ", is " + FormatFixed(value, 3));
  };
  if (!(perplexity >= 1 && perplexity <= 1e6))
    refuse("the perplexity must lie in 1 … 1000000", perplexity);
  if (!(theta >= 0 && theta <= 1)) refuse("theta must lie in 0 … 1", theta);
  if (iterations < 1 || iterations > 100000) {
    refuse("the iterations of t-SNE must lie in 1 … 100000", iterations);
  }
  if (exaggerated_iterations < 0) {
    refuse("exaggerated iterations must be at least 0", exaggerated_iterations);
  }
  if (!(exaggeration >= 1 && exaggeration <= 1000)) {
    refuse("the exaggeration must lie in 1 … 1000", exaggeration);
  }
  if (!(learning_rate >= 0) || !std::isfinite(learning_rate)) {
    refuse("the learning rate must be at least 0", learning_rate);
  }
  if (input_dimensions < 0) refuse("input dimensions must be at least 0", input_dimensions);
  if (threads < 0) refuse("threads must be at least 0", threads);
}

TsneMap Tsne(const Points& data, const TsneOptions& options, const CancelToken* cancel,
             const std::function<void(int, int)>& progress) {
  options.Validate();
  RequireFinite(data, "points to map");
  if (data.count == 1) return {.points = Points(1, 2), .perplexity = 1, .kl_divergence = 0};
  if (options.input_dimensions > 0 &&
      data.dimensions > static_cast<size_t>(options.input_dimensions)) {
    TsneOptions reduced = options;
    reduced.input_dimensions = 0;
    const Pca pca = FitPca(data, static_cast<size_t>(options.input_dimensions));
    return Tsne(pca.Project(data), reduced, cancel, progress);
  }
  const auto others = static_cast<double>(data.count - 1);
  TsneMap result;
  result.perplexity = std::min(options.perplexity, std::max(1.0, others / 3));
  const auto k = static_cast<size_t>(std::clamp(std::floor(3 * result.perplexity), 1.0, others));
  Affinities affinities;
  {
    const std::vector<Neighbour> neighbours = NearestNeighbours(data, k, options.threads);
    affinities = SymmetricAffinities(
        neighbours, k, NeighbourProbabilities(neighbours, k, result.perplexity, options.threads));
  }
  const double rate =
      options.learning_rate > 0
          ? options.learning_rate
          : std::max(50.0, static_cast<double>(data.count) / options.exaggeration / 4);
  result.points = FirstMap(data, options);
  Descent descent(result.points.values.size());
  for (int i = 0; i < options.iterations; ++i) {
    if (cancel != nullptr) cancel->Check();
    const bool early = i < options.exaggerated_iterations;
    descent.Step(KlGradient(affinities, result.points, options.theta,
                            early ? options.exaggeration : 1, options.threads),
                 rate, early ? 0.5 : 0.8, result.points);
    MoveToMean0(result.points);
    if (progress) progress(i + 1, options.iterations);
  }
  RequireFinite(result.points, "points of the map; the learning rate is too large");
  result.kl_divergence = KlDivergence(affinities, result.points, options.theta, options.threads);
  return result;
}

}  // namespace unmask
