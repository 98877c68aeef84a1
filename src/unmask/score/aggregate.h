#pragma once

#include <span>
#include <string_view>
#include <vector>

namespace unmask {

// Scores are P(fake) in [0, 1]; a decision is fake when score ≥ threshold.
enum class Aggregation {
  kMaxFaces,   // MF: vote over faces
  kMaxTracks,  // MT: vote over tracks
  kMeanTracks  // AT: mean over tracks
};

// "MF", "MT", "AT"; throws UsageError for others. Case does not matter.
Aggregation AggregationFromName(std::string_view name);
std::string_view NameOf(Aggregation aggregation);

enum class VoteScore {
  kWinnersMean,  // mean score of the side that won; a tie goes to the mean of all
  kShare         // share of votes for fake
};

// Whether VideoScore() gives a share of votes, which is no probability and has its threshold at
// 0.5.
bool ScoreIsShare(Aggregation aggregation, VoteScore vote_score);

// Mean of the faces' scores. Requires at least one.
double TrackScore(std::span<const double> face_scores);

// The score of a video from its tracks' faces; tracks without faces are passed over. Requires at
// least one face: "no face" is not a score. Throws Error otherwise.
double VideoScore(const std::vector<std::vector<double>>& track_faces, Aggregation aggregation,
                  double threshold = 0.5, VoteScore vote_score = VoteScore::kWinnersMean);

}  // namespace unmask
