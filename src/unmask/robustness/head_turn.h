#pragma once

#include <span>

#include "unmask/face/face.h"

namespace unmask {

// How far a head is turned to the side, 0 (frontal) … 90 degrees, from the kMeshSize landmarks of
// its mesh: arctan(t / 1.31), where t is how far the tip of the nose (landmark 4) lies from the
// middle between the cheeks' edges (234, 454), along the line that joins these, in units of half
// their distance. Seen from afar, a nose that stands out by d from edges that are 2w apart is at
// d · sin(turn) ÷ (w · cos(turn)); d / w is 1.31 in MediaPipe's canonical face model. An estimate:
// faces differ in d / w, and the network flattens heads that are turned far: full profiles come out
// at some 45 to 50 degrees.
double HeadTurn(std::span<const Point> mesh);

}  // namespace unmask
