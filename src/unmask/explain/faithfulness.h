#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "unmask/detect/classifier.h"
#include "unmask/explain/explained_score.h"
#include "unmask/explain/grad_cam.h"
#include "unmask/media/image.h"

namespace unmask {

// Whether a map shows what a score rests on: deletion and insertion of Petsiuk, Das and Saenko
// (RISE, BMVC 2018). Pixels are painted over with the mean colour of the crop, those with the
// largest values first, or appear on that colour in the same order; the score is watched. Not
// blurred away, as is usual: to a detector of manipulations a blurred patch is one.

// Areas under the probability of the explained side (fake; for ExplainedTarget::kReal real) over
// the share of pixels, each in 0 … 1. A good map has a small deletion and a large insertion.
struct FaithfulnessAreas {
  double deletion = 0;
  double insertion = 0;

  double gain() const { return insertion - deletion; }  // −1 … 1
};

enum class MapMeaning {
  kMeaningful,   // better than misplaced maps and than a bump in the middle of the face
  kUnspecific,   // better than misplaced maps, but the middle of the face is as good
  kMeaningless,  // no better than misplaced maps
  kUntestable    // the score does not fall when everything is painted over
};

// "meaningful", "unspecific", "meaningless", "untestable".
std::string_view NameOf(MapMeaning meaning);

// Means over the faces that were tested.
struct Faithfulness {
  int faces = 0;
  FaithfulnessAreas map;
  FaithfulnessAreas random;  // of the same map at random other places
  FaithfulnessAreas centre;  // of a Gaussian in the middle of the crop
  double original = 0;       // the probability of the whole crop
  double empty = 0;          // and of the one that is all painted over

  // By the gains; a difference under 0.02 counts as none.
  MapMeaning meaning() const;
};

// What `meaning()` says, as a sentence for a person.
std::string DescribeFaithfulness(const Faithfulness& faithfulness);

struct FaithfulnessOptions {
  int steps = 16;       // in which all pixels go or come
  int random_maps = 3;  // averaged
  uint64_t seed = 0;    // of the places, and of the order of pixels with equal values
};

// Of one crop that fits the classifier. `map` must not be empty. Runs the classifier some 2 · steps
// · (random_maps + 2) times; what it held is lost.
Faithfulness TestMap(Classifier& classifier, const Image& crop, const HeatMap& map,
                     ExplainedTarget target, const FaithfulnessOptions& options = {});

// The mean over faces; without any, `faces` is 0.
Faithfulness MeanOf(const std::vector<Faithfulness>& tests);

}  // namespace unmask
