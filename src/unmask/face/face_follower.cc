#include "unmask/face/face_follower.h"

#include <array>

#include "unmask/base/error.h"
#include "unmask/face/alignment.h"

namespace unmask {
namespace {

// From one frame to the next, of the box with itself: a face that has moved by a sixth of its width
// may be missed by its landmarks.
constexpr double kLeastOverlap = 0.7;

// Of two boxes: they may be following one face.
constexpr double kMostOverlap = 0.3;

Similarity MotionOf(const FivePoints& from, const FivePoints& to) {
  std::array<Correspondence, std::tuple_size_v<FivePoints>> pairs{};
  for (size_t i = 0; i < pairs.size(); ++i) pairs[i] = {from[i].x, from[i].y, to[i].x, to[i].y};
  return FitSimilarity(pairs);
}

// Boxes stay upright: the middle moves, the size changes.
Detection Moved(const Detection& found, const Similarity& motion) {
  Detection moved = found;
  const Box& box = found.box;
  const Point middle = motion({(box.x0 + box.x1) / 2, (box.y0 + box.y1) / 2});
  const auto scale = static_cast<float>(motion.scale());
  const float half_width = scale * box.width() / 2, half_height = scale * box.height() / 2;
  moved.box = {middle.x - half_width, middle.y - half_height, middle.x + half_width,
               middle.y + half_height};
  for (Point* point : {&moved.right_eye, &moved.left_eye, &moved.nose, &moved.mouth}) {
    *point = motion(*point);
  }
  return moved;
}

}  // namespace

void FaceFollower::Add(const Detection& detection, const FivePoints& points) {
  followed_.push_back({detection, points, detection});
}

std::vector<Detection> FaceFollower::Expected() const {
  std::vector<Detection> expected;
  for (const Followed& each : followed_) expected.push_back(each.last);
  return expected;
}

bool FaceFollower::Follow(std::span<const FivePoints> points) {
  if (points.size() != followed_.size()) throw Error("following: landmarks of other faces");
  std::vector<Detection> moved;
  for (size_t i = 0; i < followed_.size(); ++i) {
    const Followed& each = followed_[i];
    // From where it was found, so that errors do not add up.
    const Detection now = Moved(each.found, MotionOf(each.found_points, points[i]));
    if (!(IntersectionOverUnion(now.box, each.last.box) >= kLeastOverlap)) return false;
    for (const Detection& other : moved) {
      if (IntersectionOverUnion(now.box, other.box) > kMostOverlap) return false;
    }
    moved.push_back(now);
  }
  for (size_t i = 0; i < followed_.size(); ++i) followed_[i].last = moved[i];
  return true;
}

}  // namespace unmask
