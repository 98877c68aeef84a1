#pragma once

#include <span>
#include <vector>

#include "unmask/detect/verdict.h"
#include "unmask/robustness/excerpt.h"

namespace unmask {

inline constexpr int kSceneTile = 320;  // pixels of the square that one person fills

// People beside each other in one frame: from each excerpt, which must have a face, the square
// around the median place of its main face, twice as wide as the face is large, at kSceneTile
// pixels; in rows of ⌈√n⌉ squares, the rest black. In the frames of the first and as long as the
// shortest of them; of the others the frame of that time is taken, or the last before it.
FrameSequence PutBesideEachOther(std::span<const Excerpt* const> excerpts);

// What a verdict on such a scene says of each of its `people`: the highest score of the tracks
// whose middle is in the person's square, NaN where there is none.
std::vector<double> ScoresOfPeople(const Verdict& verdict, size_t people);

}  // namespace unmask
