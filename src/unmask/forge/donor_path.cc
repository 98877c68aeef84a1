#include "unmask/forge/donor_path.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "unmask/forge/face_mesh.h"

namespace unmask {
namespace {

constexpr int kStep = 4;  // every fourth landmark says enough
constexpr int kLids[] = {159, 145, 158, 153, 160, 144, 386, 374, 385, 380, 387, 373};
constexpr double kChange = 2e-4;  // of patches that are alike, in squared distances between eyes

// Upright positions of landmarks, free of place, size and tilt.
std::vector<float> FeaturesOf(std::span<const Point> mesh, const DonorOptions& options) {
  const Similarity upright = FitSimilarity(mesh, CanonicalMesh(), FirmPoints());
  std::vector<float> features;
  const auto add = [&](int landmark, double weight, Point from = {}) {
    const Point p = upright(mesh[static_cast<size_t>(landmark)]);
    features.push_back(static_cast<float>(weight) * (p.x - from.x));
    features.push_back(static_cast<float>(weight) * (p.y - from.y));
  };
  for (int i = 0; i < kMeshSize; i += kStep) add(i, 1);
  // What counts of the mouth is its shape, not where it is.
  Point mouth{};
  for (const int i : InnerLips()) {
    const Point p = upright(mesh[static_cast<size_t>(i)]);
    mouth.x += p.x / static_cast<float>(InnerLips().size());
    mouth.y += p.y / static_cast<float>(InnerLips().size());
  }
  for (const int i : InnerLips()) add(i, options.lips, mouth);
  for (const int i : kLids) add(i, options.lids);
  return features;
}

// Mean squared distance.
double Difference(const std::vector<float>& a, const std::vector<float>& b) {
  double sum = 0;
  for (size_t i = 0; i < a.size(); ++i) sum += (a[i] - b[i]) * (a[i] - b[i]);
  return sum / static_cast<double>(a.size());
}

}  // namespace

std::vector<int> ChooseDonors(const std::vector<FaceMoment>& moments,
                              const std::vector<FacePatch>& patches, const DonorOptions& options) {
  const size_t count = patches.size();
  std::vector<int> chosen(moments.size(), -1);
  if (count == 0) return chosen;
  std::vector<std::vector<float>> features;
  for (const FacePatch& patch : patches) features.push_back(FeaturesOf(patch.mesh, options));
  std::vector<std::vector<double>> change(count, std::vector<double>(count));
  for (size_t a = 0; a < count; ++a) {
    for (size_t b = 0; b < count; ++b) {
      const double leap = a == b ? 0 : Difference(features[a], features[b]) + kChange;
      change[a][b] = options.steadiness * leap;
    }
  }
  std::vector<double> cost(count, 0.0), next(count);
  std::vector<std::vector<int>> came_from(moments.size());
  size_t last = moments.size();  // the last frame with a face
  for (size_t t = 0; t < moments.size(); ++t) {
    if (moments[t].mesh.empty()) continue;
    const std::vector<float> wanted = FeaturesOf(moments[t].mesh, options);
    const bool anew = last == moments.size() || moments[last].track != moments[t].track;
    const double cheapest = *std::min_element(cost.begin(), cost.end());
    came_from[t].resize(count);
    for (size_t b = 0; b < count; ++b) {
      double best = std::numeric_limits<double>::max();
      for (size_t a = 0; a < count; ++a) {
        const double sum = cost[a] - cheapest + (anew ? 0 : change[a][b]);
        if (sum < best) {
          best = sum;
          came_from[t][b] = static_cast<int>(a);
        }
      }
      next[b] = best + Difference(wanted, features[b]);
    }
    cost.swap(next);
    last = t;
  }
  if (last == moments.size()) return chosen;
  auto patch = static_cast<int>(std::min_element(cost.begin(), cost.end()) - cost.begin());
  for (size_t t = last + 1; t-- > 0;) {
    if (came_from[t].empty()) continue;
    chosen[t] = patch;
    patch = came_from[t][static_cast<size_t>(patch)];
  }
  return chosen;
}

}  // namespace unmask
