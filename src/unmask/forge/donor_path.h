#pragma once

#include <vector>

#include "unmask/forge/face_clip.h"

namespace unmask {

struct DonorOptions {
  double steadiness = 0.6;  // what a change costs in relation to likeness; 0: nothing
  double lips = 2;          // weights of the lips and the lids; 1: like the rest of the face
  double lids = 2;
};

// For each frame the number of the patch that is to stand in for its face, −1 where there is none:
// the head turned and the mouth and eyes open as nearly alike as can be had without leaping to and
// fro (the cheapest path, Viterbi 1967).
std::vector<int> ChooseDonors(const std::vector<FaceMoment>& moments,
                              const std::vector<FacePatch>& patches, const DonorOptions& options);

}  // namespace unmask
