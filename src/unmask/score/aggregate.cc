#include "unmask/score/aggregate.h"

#include <algorithm>
#include <cctype>
#include <numeric>
#include <string>

#include "unmask/base/error.h"
#include "unmask/base/text.h"

namespace unmask {
namespace {

double Mean(std::span<const double> values) {
  return std::accumulate(values.begin(), values.end(), 0.0) / static_cast<double>(values.size());
}

// The majority's mean score; a tie goes to the mean of all. Always on the side of the decision.
double Vote(std::span<const double> scores, double threshold, VoteScore vote_score) {
  double sums[2] = {0, 0};
  size_t counts[2] = {0, 0};
  for (const double score : scores) {
    const int side = score >= threshold ? 1 : 0;
    sums[side] += score;
    ++counts[side];
  }
  if (vote_score == VoteScore::kShare) {
    return static_cast<double>(counts[1]) / static_cast<double>(scores.size());
  }
  if (counts[0] == counts[1]) return Mean(scores);
  const int winner = counts[1] > counts[0] ? 1 : 0;
  return sums[winner] / static_cast<double>(counts[winner]);
}

}  // namespace

Aggregation AggregationFromName(std::string_view name) {
  std::string upper(name);
  for (char& c : upper) c = static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
  for (const Aggregation aggregation :
       {Aggregation::kMaxFaces, Aggregation::kMaxTracks, Aggregation::kMeanTracks}) {
    if (upper == NameOf(aggregation)) return aggregation;
  }
  ThrowUnknownName("aggregation", name, {"MF", "MT", "AT"});
}

std::string_view NameOf(Aggregation aggregation) {
  switch (aggregation) {
    case Aggregation::kMaxFaces:
      return "MF";
    case Aggregation::kMaxTracks:
      return "MT";
    case Aggregation::kMeanTracks:
      return "AT";
  }
  return "";
}

bool ScoreIsShare(Aggregation aggregation, VoteScore vote_score) {
  return vote_score == VoteScore::kShare && aggregation != Aggregation::kMeanTracks;
}

double TrackScore(std::span<const double> face_scores) {
  if (face_scores.empty()) throw Error("a track without faces has no score");
  return Mean(face_scores);
}

double VideoScore(const std::vector<std::vector<double>>& track_faces, Aggregation aggregation,
                  double threshold, VoteScore vote_score) {
  std::vector<double> faces;
  std::vector<double> tracks;
  for (const std::vector<double>& track : track_faces) {
    if (track.empty()) continue;
    tracks.push_back(TrackScore(track));
    faces.insert(faces.end(), track.begin(), track.end());
  }
  if (faces.empty()) throw Error("a video without faces has no score");
  switch (aggregation) {
    case Aggregation::kMaxFaces:
      return Vote(faces, threshold, vote_score);
    case Aggregation::kMaxTracks:
      return Vote(tracks, threshold, vote_score);
    case Aggregation::kMeanTracks:
      break;
  }
  return Mean(tracks);
}

}  // namespace unmask
