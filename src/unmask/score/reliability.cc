#include "unmask/score/reliability.h"

#include <algorithm>
#include <cmath>
#include <functional>
#include <numeric>
#include <vector>

#include "unmask/base/error.h"
#include "unmask/score/calibration.h"

namespace unmask {

void ReliabilityLimits::Validate() const {
  const auto share = [](double value, const char* name) {
    if (!(value >= 0 && value <= 1)) throw Error(std::string(name) + " must lie in 0 … 1");
  };
  share(real_below, "real_below");
  share(most_dissent, "most_dissent");
  if (least_faces < 0) throw Error("least_faces must not be negative");
  const auto positive = [](double value, const char* name) {
    if (!(value >= 0 && std::isfinite(value))) {
      throw Error(std::string(name) + " must not be negative");
    }
  };
  positive(least_face_pixels, "least_face_pixels");
  positive(least_sharpness, "least_sharpness");
  positive(least_bits_per_pixel, "least_bits_per_pixel");
  positive(most_distance, "most_distance");
}

std::string_view NameOf(Doubt doubt) {
  switch (doubt) {
    case Doubt::kUndecided:
      return "undecided";
    case Doubt::kFewFaces:
      return "few_faces";
    case Doubt::kSmallFaces:
      return "small_faces";
    case Doubt::kBlurred:
      return "blurred";
    case Doubt::kCompressed:
      return "compressed";
    case Doubt::kDissent:
      return "dissent";
    case Doubt::kUnlike:
      break;
  }
  return "unlike_training";
}

std::vector<Doubt> Doubts(double score, double threshold, const Evidence& evidence,
                          const ReliabilityLimits& limits) {
  std::vector<Doubt> doubts;
  const auto add_if = [&](bool holds, Doubt doubt) {
    if (holds) doubts.push_back(doubt);
  };
  add_if(score < threshold && score >= limits.real_below, Doubt::kUndecided);
  add_if(!evidence.is_picture && evidence.faces < limits.least_faces, Doubt::kFewFaces);
  add_if(evidence.face_pixels < limits.least_face_pixels, Doubt::kSmallFaces);
  add_if(evidence.sharpness < limits.least_sharpness, Doubt::kBlurred);
  add_if(evidence.bits_per_pixel > 0 && evidence.bits_per_pixel < limits.least_bits_per_pixel,
         Doubt::kCompressed);
  add_if(evidence.dissent > limits.most_dissent, Doubt::kDissent);
  add_if(limits.most_distance > 0 && evidence.distance > limits.most_distance, Doubt::kUnlike);
  return doubts;
}

double ScoreForMisses(std::span<const double> scores, std::span<const int> labels, double rate,
                      double threshold) {
  if (scores.size() != labels.size()) throw Error("as many scores as labels are needed");
  std::vector<double> fake;
  for (size_t i = 0; i < scores.size(); ++i) {
    if (labels[i] == 1) fake.push_back(scores[i]);
  }
  if (fake.empty()) throw Error("no limit for missed fakes without a fake");
  std::sort(fake.begin(), fake.end());
  const size_t allowed = AllowedOf(std::clamp(rate, 0.0, 1.0), fake.size());
  if (allowed >= fake.size()) return threshold;
  const double first_too_many = fake[allowed];  // must not lie below the limit
  const double last_missed = allowed > 0 ? fake[allowed - 1] : 0;
  return std::min(threshold, (first_too_many + std::min(last_missed, first_too_many)) / 2);
}

double SharpnessForFalseAlarms(std::span<const double> sharpness, std::span<const double> scores,
                               double rate, double threshold) {
  constexpr size_t kGroup = 50;
  if (sharpness.size() != scores.size()) {
    throw Error("a limit of sharpness needs a score for each face");
  }
  std::vector<size_t> order(scores.size());
  std::iota(order.begin(), order.end(), 0);
  std::stable_sort(order.begin(), order.end(),
                   [&](size_t a, size_t b) { return sharpness[a] > sharpness[b]; });
  bool sharp_enough = false;  // seen yet
  for (size_t begin = 0; begin + kGroup <= order.size(); begin += kGroup) {
    const auto fake = std::count_if(order.begin() + static_cast<ptrdiff_t>(begin),
                                    order.begin() + static_cast<ptrdiff_t>(begin + kGroup),
                                    [&](size_t face) { return scores[face] >= threshold; });
    const bool good = static_cast<double>(fake) <= 4 * rate * kGroup;
    if (!good && sharp_enough) return sharpness[order[begin - 1]];
    sharp_enough = sharp_enough || good;
  }
  return 0;
}

double TailLimit(std::vector<double> values, double rate, bool lowest) {
  if (values.empty()) throw Error("no limit without values");
  const size_t beyond = std::min(values.size() - 1, AllowedOf(rate, values.size()));
  const auto place = values.begin() + static_cast<std::ptrdiff_t>(beyond);
  if (lowest) {
    std::nth_element(values.begin(), place, values.end());
  } else {
    std::nth_element(values.begin(), place, values.end(), std::greater<>());
  }
  return *place;
}

}  // namespace unmask
