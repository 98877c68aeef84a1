#pragma once

#include <cstdint>

#include "unmask/detect/verdict.h"

namespace unmask {

// What turns scores of faces into a verdict.
struct DecisionRules {
  Aggregation aggregation = Aggregation::kMeanTracks;
  VoteScore vote_score = VoteScore::kWinnersMean;
  double threshold = 0.5;    // of faces and tracks
  ReliabilityLimits limits;  // the default ones: always an answer
};

// The threshold of files: one half for a share of votes, where the majority decides whatever
// decided each vote; otherwise that of faces and tracks.
double FileThreshold(const DecisionRules& rules);

// Fills in what follows from the faces: score, side, evidence and doubts of every track and of the
// file, and the judgement. Of the verdict, tracks with their faces, size and frames must be there.
// `bytes`: of the file; 0: not known.
void Decide(Verdict& verdict, const DecisionRules& rules, int64_t bytes);

}  // namespace unmask
