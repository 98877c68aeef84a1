#include "unmask/forge/reenactment.h"

#include <algorithm>
#include <cmath>
#include <iterator>
#include <utility>

#include "unmask/forge/face_mesh.h"

namespace unmask {
namespace {

constexpr int kRightMouthCorner = 61, kLeftMouthCorner = 291;
constexpr int kNoseTip = 1, kRightCheek = 234, kLeftCheek = 454;
constexpr double kAlike = 0.06;                              // of turns and nods
constexpr double kCalm = 0.04;                               // of efforts
constexpr int kUpperLip[] = {61, 40, 37, 0, 267, 270, 291};  // with the corners
constexpr float kWithTheHead = 0.75f;
constexpr float kOwn = 0.85f;          // how much of the target's own expression goes
constexpr float kOutline = 0.5f;       // the outline of the face moves less than what is inside
constexpr float kLargestMove = 0.25f;  // distances between the eyes

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

// A face in the frame of the canonical mesh, and how the head is held, by the nose between the
// cheeks and below the eyes: in units of the distance between the eyes.
struct Pose {
  std::vector<Point> mesh;
  double turn = 0;
  double nod = 0;
  double effort = 0;  // how far the mouth is opened and drawn wide
};

Pose PoseOf(const std::vector<Point>& mesh) {
  const Similarity upright = FitSimilarity(mesh, CanonicalMesh(), FirmPoints());
  const Point nose = upright(mesh[kNoseTip]);
  const Point right = upright(mesh[kRightCheek]), left = upright(mesh[kLeftCheek]);
  Pose pose{Transformed(mesh, FitAffine(mesh, CanonicalMesh(), FirmPoints()))};
  pose.turn = nose.x - (right.x + left.x) / 2;
  pose.nod = nose.y;
  pose.effort =
      MouthOpening(pose.mesh) + pose.mesh[kLeftMouthCorner].x - pose.mesh[kRightMouthCorner].x;
  return pose;
}

// The face at rest as seen from the side from which `pose` is: the mean of the others that are held
// like it, those with a small mouth first. The mean of all would be a smile in a film of a smiling
// person, and the plane transform does not undo a turn of the head.
std::vector<Point> AtRest(const std::vector<Pose>& poses, const Pose& pose) {
  std::vector<double> exponents;
  for (const Pose& other : poses) {
    const double turn = (other.turn - pose.turn) / kAlike, nod = (other.nod - pose.nod) / kAlike;
    exponents.push_back(-turn * turn - nod * nod - other.effort / kCalm);
  }
  const double largest = *std::max_element(exponents.begin(), exponents.end());
  std::vector<Point> mean(kMeshSize);
  double sum = 0;
  for (const double e : exponents) sum += std::exp(e - largest);
  for (size_t i = 0; i < poses.size(); ++i) {
    const auto share = static_cast<float>(std::exp(exponents[i] - largest) / sum);
    if (share < 1e-3f) continue;
    for (int k = 0; k < kMeshSize; ++k) {
      mean[k].x += share * poses[i].mesh[k].x;
      mean[k].y += share * poses[i].mesh[k].y;
    }
  }
  return mean;
}

// How the landmarks differ from the face at rest.
std::vector<Point> ExpressionOf(const std::vector<Pose>& poses, const Pose& pose) {
  std::vector<Point> offsets = AtRest(poses, pose);
  for (int k = 0; k < kMeshSize; ++k) {
    offsets[k] = {pose.mesh[k].x - offsets[k].x, pose.mesh[k].y - offsets[k].y};
  }
  // A mouth that moves as a whole moves with the head more than with the face.
  Point shift{};
  for (const int k : kUpperLip) {
    shift.x += kWithTheHead * offsets[k].x / static_cast<float>(std::size(kUpperLip));
    shift.y += kWithTheHead * offsets[k].y / static_cast<float>(std::size(kUpperLip));
  }
  for (int k = 0; k < kMeshSize; ++k) {
    const float weight = WeightAt(CanonicalMesh()[static_cast<size_t>(k)], {.mouth = 1});
    offsets[k].x -= weight * shift.x;
    offsets[k].y -= weight * shift.y;
  }
  return offsets;
}

// The longest stretch of one track, in the canonical frame.
std::vector<Pose> LongestStretch(const std::vector<FaceMoment>& moments) {
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
  std::vector<Pose> stretch;
  for (size_t i = best; i < best + best_length; ++i) {
    stretch.push_back(PoseOf(moments[i].mesh));
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
  const std::vector<Pose> played = LongestStretch(source.moments);
  std::vector<Pose> own;
  for (const FaceMoment& moment : target.moments) {
    if (!moment.mesh.empty()) own.push_back(PoseOf(moment.mesh));
  }
  if (played.empty() || own.empty()) return result;
  std::vector<std::vector<Point>> expressions;
  for (const Pose& pose : played) expressions.push_back(ExpressionOf(played, pose));
  std::vector<float> weights;
  for (const Point& p : CanonicalMesh()) weights.push_back(WeightAt(p, parts));
  for (const int i : FaceOval()) weights[static_cast<size_t>(i)] *= kOutline;

  const double target_rate = std::max(1.0, target.info.frames_per_second);
  const double speed = std::max(1.0, source.info.frames_per_second) / target_rate;
  size_t next_own = 0;
  for (size_t t = 0; t < result.size(); ++t) {
    std::vector<Point>& mesh = result[t].mesh;
    if (mesh.empty()) continue;
    const std::vector<Point> now = ExpressionOf(own, own[next_own++]);
    const std::vector<Point>& wanted =
        expressions[ForthAndBack(static_cast<double>(t) * speed, played.size())];
    const Affine frame_from_canonical = FitAffine(CanonicalMesh(), mesh, FirmPoints());
    const Affine canonical_from_frame = FitAffine(mesh, CanonicalMesh(), FirmPoints());
    for (int k = 0; k < kMeshSize; ++k) {
      const float dx = wanted[k].x - kOwn * now[k].x, dy = wanted[k].y - kOwn * now[k].y;
      const float length = std::hypot(dx, dy);
      const float weight = weights[k] * (length > kLargestMove ? kLargestMove / length : 1);
      const Affine& a = frame_from_canonical;
      mesh[k].x += weight * static_cast<float>(a.xx * dx + a.xy * dy);
      mesh[k].y += weight * static_cast<float>(a.yx * dx + a.yy * dy);
    }
    KeepLipsApart(mesh, canonical_from_frame);
  }
  return result;
}

}  // namespace unmask
