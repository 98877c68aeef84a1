#include "unmask/forge/reenactment.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include "unmask/forge/face_mesh.h"

namespace unmask {
namespace {

constexpr int kRightMouthCorner = 61, kLeftMouthCorner = 291;
constexpr float kLargestMove = 0.3f;  // distances between the eyes

double Fade(double from, double to, double value) {  // 1 at `to`, 0 at `from`, smooth
  const double t = std::clamp((value - from) / (to - from), 0.0, 1.0);
  return t * t * (3 - 2 * t);
}

// Of a landmark, by where it lies in the canonical mesh.
float WeightAt(const Point& p, const ExpressionParts& parts) {
  const double to_mouth = std::hypot(p.x, p.y - 0.70);
  const double mouth = Fade(0.8, 0.4, to_mouth) * Fade(0.40, 0.56, p.y);
  const double brows =
      Fade(-0.55, -0.3, p.y) * Fade(-0.03, -0.12, p.y) * Fade(0.78, 0.6, std::fabs(p.x));
  const double to_eye = std::hypot(std::fabs(p.x) - 0.33, (p.y - 0.0) * 1.5);
  const double eyes = Fade(0.25, 0.15, to_eye);
  return static_cast<float>(
      std::max({parts.mouth * mouth, parts.brows * brows, parts.eyes * eyes}));
}

std::vector<Point> InCanonicalFrame(const std::vector<Point>& mesh) {
  return Transformed(mesh, FitAffine(mesh, CanonicalMesh(), FirmPoints()));
}

// The mean of the quarter of the meshes whose mouth is smallest: the face at rest. The mean of all
// would be a smile in a film of a smiling person.
std::vector<Point> AtRest(const std::vector<std::vector<Point>>& meshes) {
  std::vector<std::pair<double, size_t>> order;
  for (size_t i = 0; i < meshes.size(); ++i) {
    const std::vector<Point>& mesh = meshes[i];
    const double width = mesh[kLeftMouthCorner].x - mesh[kRightMouthCorner].x;
    order.emplace_back(MouthOpening(mesh) + width, i);
  }
  std::sort(order.begin(), order.end());
  order.resize((order.size() + 3) / 4);
  std::vector<Point> mean(kMeshSize);
  const auto share = 1 / static_cast<float>(order.size());
  for (const auto& [effort, i] : order) {
    for (int k = 0; k < kMeshSize; ++k) {
      mean[k].x += share * meshes[i][k].x;
      mean[k].y += share * meshes[i][k].y;
    }
  }
  return mean;
}

// The longest stretch of one track, in the canonical frame.
std::vector<std::vector<Point>> LongestStretch(const std::vector<FaceMoment>& moments) {
  size_t best = 0, best_length = 0;
  for (size_t i = 0, begin = 0; i < moments.size(); ++i) {
    if (moments[i].mesh.empty() || i == 0 || moments[i].track != moments[i - 1].track ||
        moments[i - 1].mesh.empty()) {
      begin = i;
    }
    if (!moments[i].mesh.empty() && i + 1 - begin > best_length) {
      best = begin;
      best_length = i + 1 - begin;
    }
  }
  std::vector<std::vector<Point>> stretch;
  for (size_t i = best; i < best + best_length; ++i) {
    stretch.push_back(InCanonicalFrame(moments[i].mesh));
  }
  return stretch;
}

// Lips that would pass through each other meet halfway.
void KeepLipsApart(std::vector<Point>& mesh, const Affine& canonical) {
  const auto lips = InnerLips();
  const size_t half = lips.size() / 2;
  for (size_t i = 1; i < half; ++i) {
    Point& lower = mesh[static_cast<size_t>(lips[i])];
    Point& upper = mesh[static_cast<size_t>(lips[lips.size() - i])];
    if (canonical(lower).y >= canonical(upper).y) continue;
    const Point middle{(lower.x + upper.x) / 2, (lower.y + upper.y) / 2};
    lower = upper = middle;
  }
}

// Position in a film of `count` frames that runs forth and back.
size_t ForthAndBack(double frame, size_t count) {
  if (count < 2) return 0;
  const auto period = static_cast<double>(2 * (count - 1));
  const double phase = std::fmod(frame, period);
  const double position = phase < static_cast<double>(count) - 1 ? phase : period - phase;
  return std::min(count - 1, static_cast<size_t>(std::lround(position)));
}

}  // namespace

std::vector<FaceMoment> Reenact(const FaceClip& target, const FaceClip& source,
                                const ExpressionParts& parts) {
  std::vector<FaceMoment> result = target.moments;
  const std::vector<std::vector<Point>> played = LongestStretch(source.moments);
  std::vector<std::vector<Point>> own;
  for (const FaceMoment& moment : target.moments) {
    if (!moment.mesh.empty()) own.push_back(InCanonicalFrame(moment.mesh));
  }
  if (played.empty() || own.empty()) return result;
  const std::vector<Point> own_rest = AtRest(own), played_rest = AtRest(played);
  std::vector<float> weights;
  for (const Point& p : CanonicalMesh()) weights.push_back(WeightAt(p, parts));

  const double target_rate = std::max(1.0, target.info.frames_per_second);
  const double speed = std::max(1.0, source.info.frames_per_second) / target_rate;
  size_t next_own = 0;
  for (size_t t = 0; t < result.size(); ++t) {
    std::vector<Point>& mesh = result[t].mesh;
    if (mesh.empty()) continue;
    const std::vector<Point>& now = own[next_own++];
    const auto& other = played[ForthAndBack(static_cast<double>(t) * speed, played.size())];
    const Affine frame_from_canonical = FitAffine(CanonicalMesh(), mesh, FirmPoints());
    const Affine canonical_from_frame = FitAffine(mesh, CanonicalMesh(), FirmPoints());
    for (int k = 0; k < kMeshSize; ++k) {
      const float dx = other[k].x - played_rest[k].x - (now[k].x - own_rest[k].x);
      const float dy = other[k].y - played_rest[k].y - (now[k].y - own_rest[k].y);
      const float length = std::hypot(dx, dy);
      const float weight = weights[k] * (length > kLargestMove ? kLargestMove / length : 1);
      const auto& a = frame_from_canonical;
      mesh[k].x += weight * static_cast<float>(a.xx * dx + a.xy * dy);
      mesh[k].y += weight * static_cast<float>(a.yx * dx + a.yy * dy);
    }
    KeepLipsApart(mesh, canonical_from_frame);
  }
  return result;
}

}  // namespace unmask
