#pragma once

#include <span>
#include <vector>

#include "unmask/score/reliability.h"

namespace unmask {

// What a model learns of itself on faces that it was not trained on: those of the validation, which
// are degraded half as much as in training.
struct AnswerLimits {
  ReliabilityLimits limits;  // real_below, least_sharpness, most_dissent and most_distance
  // Of each value of the embedding, see EmbeddingDistance(). The variances are drawn a tenth of the
  // way to their mean (shrinkage, as of covariances by Ledoit and Wolf, 2004): a value that hardly
  // moved on these faces would rule the distance of every other face.
  std::vector<double> embedding_mean;
  std::vector<double> embedding_deviation;
};

// The faces of a validation.
struct ValidatedFaces {
  std::span<const double> scores;     // P(fake), calibrated
  std::span<const int> labels;        // 1 = fake
  std::span<const double> sharpness;  // BlurMeasure() of the network's input
  std::span<const float> embeddings;  // a row for each face
  // Of real faces that were blurred on purpose; may be empty.
  std::span<const double> blurred_scores;
  std::span<const double> blurred_sharpness;
  double threshold = 0.5;      // of the scores
  double false_alarms = 0.05;  // share of the real faces that may be called fake
  double missed = 0.1;         // of the fakes that may be called real
};

// Limits within which the model was tried: of sharpness and distance, the half percent at the far
// end is outside, and so is blur that makes real faces look fake, see SharpnessForFalseAlarms();
// real is said below the score of which ScoreForMisses() speaks. Faces of one file that disagree by
// more than 45 % are no majority. Throws Error as those functions do.
AnswerLimits FitAnswerLimits(const ValidatedFaces& faces);

}  // namespace unmask
