#include "unmask/train/answer_limits.h"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "unmask/base/error.h"
#include "unmask/model/metadata.h"

namespace unmask {
namespace {

constexpr double kTail = 0.005;
constexpr double kMostDissent = 0.45;
constexpr double kShrinkage = 0.1;  // of the embedding's variances

// Five digits: thousands of these numbers are written into the model as text.
double Rounded(double value) {
  if (value == 0 || !std::isfinite(value)) return value;
  const double unit = std::pow(10.0, 4 - std::floor(std::log10(std::abs(value))));
  return std::round(value * unit) / unit;
}

double LeastSharpnessOfReal(const ValidatedFaces& faces) {
  std::vector<double> sharpness(faces.blurred_sharpness.begin(), faces.blurred_sharpness.end());
  std::vector<double> scores(faces.blurred_scores.begin(), faces.blurred_scores.end());
  for (size_t i = 0; i < faces.scores.size(); ++i) {
    if (faces.labels[i] == 1) continue;
    sharpness.push_back(faces.sharpness[i]);
    scores.push_back(faces.scores[i]);
  }
  return SharpnessForFalseAlarms(sharpness, scores, faces.false_alarms, faces.threshold);
}

}  // namespace

AnswerLimits FitAnswerLimits(const ValidatedFaces& faces) {
  const size_t count = faces.scores.size();
  if (count == 0 || faces.sharpness.size() != count || faces.embeddings.size() % count != 0) {
    throw Error("limits need scores, and a sharpness and an embedding for each");
  }
  const size_t width = faces.embeddings.size() / count;
  ModelMetadata metadata;
  std::vector<double> variances;
  for (size_t i = 0; i < width; ++i) {
    double sum = 0, squares = 0;
    for (size_t face = 0; face < count; ++face) sum += faces.embeddings[face * width + i];
    const double mean = sum / static_cast<double>(count);
    for (size_t face = 0; face < count; ++face) {
      squares += std::pow(faces.embeddings[face * width + i] - mean, 2);
    }
    metadata.embedding_mean.push_back(Rounded(mean));
    variances.push_back(squares / static_cast<double>(count));
  }
  const double mean_variance = std::accumulate(variances.begin(), variances.end(), 0.0) /
                               static_cast<double>(std::max<size_t>(1, width));
  for (const double variance : variances) {
    metadata.embedding_deviation.push_back(
        Rounded(std::sqrt((1 - kShrinkage) * variance + kShrinkage * mean_variance)));
  }
  std::vector<double> distances;
  for (size_t face = 0; face < count; ++face) {
    distances.push_back(EmbeddingDistance(metadata, faces.embeddings.subspan(face * width, width)));
  }
  AnswerLimits result;
  result.limits.real_below =
      ScoreForMisses(faces.scores, faces.labels, faces.missed, faces.threshold);
  result.limits.least_sharpness =
      std::max(TailLimit({faces.sharpness.begin(), faces.sharpness.end()}, kTail, /*lowest=*/true),
               LeastSharpnessOfReal(faces));
  result.limits.most_dissent = kMostDissent;
  result.limits.most_distance = TailLimit(std::move(distances), kTail, /*lowest=*/false);
  result.embedding_mean = std::move(metadata.embedding_mean);
  result.embedding_deviation = std::move(metadata.embedding_deviation);
  return result;
}

}  // namespace unmask
