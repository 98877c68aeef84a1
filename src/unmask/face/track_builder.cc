#include "unmask/face/track_builder.h"

#include <algorithm>
#include <cmath>
#include <utility>

namespace unmask {

TrackBuilder::TrackBuilder(int faces_per_track, int min_detections, double expected)
    : limit_(static_cast<size_t>(faces_per_track)), min_detections_(min_detections) {
  // A power of two, as the strides that follow.
  while (limit_ > 0 && static_cast<double>(2 * limit_) * first_stride_ < expected) {
    first_stride_ *= 2;
  }
}

bool TrackBuilder::Wants(int track, bool candidate) const {
  const auto found = growing_.find(track);
  if (found == growing_.end()) return true;
  if (!candidate || limit_ == 0) return candidate;
  const Growing& growing = found->second;
  if (growing.candidates < static_cast<int64_t>(limit_) && growing.stride == 1) return true;
  return growing.candidates % std::max(growing.stride, first_stride_) == 0;
}

bool TrackBuilder::IsConfirmed(int track) const {
  const auto found = growing_.find(track);
  return found != growing_.end() && found->second.detections >= min_detections_;
}

void TrackBuilder::Add(int track, const TrackPosition& position, bool candidate,
                       std::optional<AlignedFace> face) {
  Growing& growing = growing_[track];
  TrackPart& part = growing.part;
  part.track = track;
  if (limit_ == 0 && part.faces.size() >= kFacesPerPart && growing.detections >= min_detections_) {
    ready_.push_back(std::exchange(part, TrackPart{.track = track, .positions = {}, .faces = {}}));
  }
  const int64_t number = growing.candidates;
  if (candidate || growing.positions == 0) ++growing.candidates;
  ++growing.positions;
  if (position.detected) ++growing.detections;
  part.positions.push_back(position);
  if (face) {
    part.faces.push_back(std::move(*face));
    if (limit_ > 0) growing.numbers.push_back(number);
  }
  // Twice the limit leaves a choice at the end; a few more for tiny limits.
  if (limit_ > 0 && part.faces.size() >= std::max<size_t>(2 * limit_, 8)) Thin(growing);
}

void TrackBuilder::Thin(Growing& track) {
  std::vector<AlignedFace>& faces = track.part.faces;
  // Once, or again where the last faces came at a higher stride already.
  do {
    track.stride *= 2;
    size_t kept = 0;
    for (size_t i = 0; i < faces.size(); ++i) {
      if (track.numbers[i] % track.stride != 0) continue;
      if (i != kept) faces[kept] = std::move(faces[i]);
      track.numbers[kept++] = track.numbers[i];
    }
    faces.resize(kept);
    track.numbers.resize(kept);
  } while (2 * faces.size() > 3 * std::max<size_t>(limit_, 4));
}

// Of each of `limit_` equal stretches of the candidates the face nearest to its middle.
void TrackBuilder::ChooseSpread(Growing& track) const {
  std::vector<AlignedFace>& faces = track.part.faces;
  std::vector<AlignedFace> chosen;
  size_t next = 0;
  for (size_t i = 0; i < limit_; ++i) {
    const double middle = (static_cast<double>(i) + 0.5) * static_cast<double>(track.candidates) /
                          static_cast<double>(limit_);
    const auto distance = [&](size_t k) {
      return std::abs(static_cast<double>(track.numbers[k]) + 0.5 - middle);
    };
    const size_t last = faces.size() - (limit_ - i);  // leaves one for each stretch that follows
    while (next < last && distance(next + 1) <= distance(next)) ++next;
    chosen.push_back(std::move(faces[next++]));
  }
  faces = std::move(chosen);
}

void TrackBuilder::End(int track, int min_detections) {
  auto node = growing_.extract(track);
  if (node.empty() || node.mapped().detections < min_detections) return;
  if (limit_ > 0 && node.mapped().part.faces.size() > limit_) ChooseSpread(node.mapped());
  TrackPart part = std::move(node.mapped().part);
  part.last = true;
  ready_.push_back(std::move(part));
}

std::optional<TrackPart> TrackBuilder::Take() {
  if (ready_.empty()) return std::nullopt;
  TrackPart part = std::move(ready_.front());
  ready_.pop_front();
  return part;
}

}  // namespace unmask
