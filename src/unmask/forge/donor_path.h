#pragma once

#include <vector>

#include "unmask/forge/face_clip.h"

namespace unmask {

// For each frame the number of the patch that is to stand in for its face, −1 where there is none:
// the head turned and the mouth and eyes open as nearly alike as can be had without leaping to and
// fro (the cheapest path, Viterbi 1967). `steadiness`: what a change costs in relation to
// likeness; 0 takes the most alike in every frame.
std::vector<int> ChooseDonors(const std::vector<FaceMoment>& moments,
                              const std::vector<FacePatch>& patches, double steadiness);

}  // namespace unmask
