#include "unmask/detect/decide.h"

#include <algorithm>
#include <vector>

namespace unmask {
namespace {

double Median(std::vector<double> values) {
  const auto middle = values.begin() + static_cast<std::ptrdiff_t>(values.size() / 2);
  std::nth_element(values.begin(), middle, values.end());
  return *middle;
}

double BitsPerPixel(const Verdict& verdict, int64_t bytes) {
  const double pixels = static_cast<double>(verdict.width) * verdict.height *
                        static_cast<double>(verdict.is_picture ? 1 : verdict.frames_decoded);
  return pixels > 0 ? 8 * static_cast<double>(bytes) / pixels : 0;
}

// Of at least one face. Dissent is left to the caller.
Evidence EvidenceOf(const std::vector<const FaceResult*>& faces) {
  Evidence evidence{.faces = static_cast<int>(faces.size())};
  std::vector<double> heights, sharpnesses, distances;
  for (const FaceResult* face : faces) {
    heights.push_back(face->box.height());
    sharpnesses.push_back(face->sharpness);
    distances.push_back(face->distance);
  }
  evidence.face_pixels = Median(std::move(heights));
  evidence.sharpness = Median(std::move(sharpnesses));
  evidence.distance = Median(std::move(distances));
  return evidence;
}

}  // namespace

double FileThreshold(const DecisionRules& rules) {
  return ScoreIsShare(rules.aggregation, rules.vote_score) ? 0.5 : rules.threshold;
}

void Decide(Verdict& verdict, const DecisionRules& rules, int64_t bytes) {
  if (verdict.tracks.empty()) {
    verdict.judgement = Judgement::kNoFace;
    return;
  }
  const double bits_per_pixel = BitsPerPixel(verdict, bytes);
  std::vector<std::vector<double>> scores;
  std::vector<const FaceResult*> all;
  int64_t all_dissenting = 0;  // from their own track: that people differ is no contradiction
  for (TrackResult& track : verdict.tracks) {
    std::vector<double>& of_track = scores.emplace_back();
    std::vector<const FaceResult*> faces;
    for (const FaceResult& face : track.faces) {
      of_track.push_back(face.score);
      faces.push_back(&face);
    }
    track.score = TrackScore(of_track);
    track.fake = track.score >= rules.threshold;
    track.evidence = EvidenceOf(faces);
    const auto dissenting = std::count_if(of_track.begin(), of_track.end(), [&](double score) {
      return (score >= rules.threshold) != track.fake;
    });
    all_dissenting += dissenting;
    track.evidence.dissent = static_cast<double>(dissenting) / track.evidence.faces;
    track.evidence.bits_per_pixel = bits_per_pixel;
    track.evidence.is_picture = verdict.is_picture;
    track.doubts = Doubts(track.score, rules.threshold, track.evidence, rules.limits);
    all.insert(all.end(), faces.begin(), faces.end());
  }
  verdict.score = VideoScore(scores, rules.aggregation, rules.threshold, rules.vote_score);
  verdict.score_is_share = ScoreIsShare(rules.aggregation, rules.vote_score);
  verdict.threshold = FileThreshold(rules);
  verdict.track_threshold = rules.threshold;
  const bool fake = verdict.score >= verdict.threshold;
  verdict.evidence = EvidenceOf(all);
  verdict.evidence.dissent = static_cast<double>(all_dissenting) / verdict.evidence.faces;
  verdict.evidence.bits_per_pixel = bits_per_pixel;
  verdict.evidence.is_picture = verdict.is_picture;
  ReliabilityLimits limits = rules.limits;
  if (verdict.score_is_share) limits.real_below = 1;  // it is a limit of probabilities
  verdict.doubts = Doubts(verdict.score, verdict.threshold, verdict.evidence, limits);
  verdict.judgement = !verdict.doubts.empty() ? Judgement::kCannotTell
                      : fake                  ? Judgement::kFake
                                              : Judgement::kReal;
}

}  // namespace unmask
