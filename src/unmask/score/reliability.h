#pragma once

#include <span>
#include <string_view>
#include <vector>

namespace unmask {

// What there was to judge by: of a file, or of a track.
struct Evidence {
  int faces = 0;              // that were classified
  double face_pixels = 0;     // median height of their boxes
  double sharpness = 0;       // median of BlurMeasure() of the aligned crops
  double bits_per_pixel = 0;  // of the file, per pixel and frame; 0: not known
  double dissent = 0;  // share of faces on the other side of the threshold than their track's score
  double distance = 0;      // median of how unlike the validation the faces are; 0: not known
  bool is_picture = false;  // of one moment, so that one face is all there can be
};

// Up to where a model's answers were tried; beyond, the honest answer is "cannot tell". The values
// here are those of a model that always answers.
struct ReliabilityLimits {
  double real_below = 1;  // real is said of lower scores only, fake from the threshold on
  int least_faces = 0;    // of a video
  double least_face_pixels = 0;
  double least_sharpness = 0;
  double least_bits_per_pixel = 0;
  double most_dissent = 1;
  double most_distance = 0;  // 0: no limit

  bool operator==(const ReliabilityLimits&) const = default;

  // Throws Error naming the value and the violated rule.
  void Validate() const;
};

// Why a score is no answer.
enum class Doubt {
  kUndecided,  // the score lies between real and fake
  kFewFaces,   // too few moments of a video
  kSmallFaces,
  kBlurred,
  kCompressed,
  kDissent,  // the faces contradict each other
  kUnlike    // they look like nothing the model was tried on
};

// "undecided", "few_faces", "small_faces", "blurred", "compressed", "dissent", "unlike_training".
std::string_view NameOf(Doubt doubt);

// Every reason not to answer, in the order of the enumeration; empty: the score is an answer.
std::vector<Doubt> Doubts(double score, double threshold, const Evidence& evidence,
                          const ReliabilityLimits& limits);

// The score below which at most the share `rate` (0 … 1) of the fake items lies; between two scores
// where there is room, and never above `threshold`. Throws Error for empty input, unequal lengths
// and when nothing is fake.
double ScoreForMisses(std::span<const double> scores, std::span<const int> labels, double rate,
                      double threshold);

// The sharpness below which real faces are called fake far more often than at the share `rate`
// (0 … 1): from the sharpest downwards in groups of 50, that of the least sharp face in front of
// the first group of whose scores more than 4 · rate reach the threshold. Such groups in front of
// all others, which noise may make, are passed over; 0 where there is no other. Throws Error for
// unequal lengths.
double SharpnessForFalseAlarms(std::span<const double> sharpness, std::span<const double> scores,
                               double rate, double threshold);

// The value that at most the share `rate` (0 … 1) of the values lies below (`lowest`) or above
// (otherwise). Throws Error for empty input.
double TailLimit(std::vector<double> values, double rate, bool lowest);

}  // namespace unmask
