#include "unmask/face/track_builder.h"

#include <algorithm>
#include <utility>

namespace unmask {

TrackBuilder::TrackBuilder(int faces_per_track, int min_detections)
    : limit_(static_cast<size_t>(faces_per_track)), min_detections_(min_detections) {}

bool TrackBuilder::Wants(int track) const {
  const auto found = growing_.find(track);
  return found == growing_.end() || found->second.detections % found->second.stride == 0;
}

void TrackBuilder::Add(int track, const TrackPosition& position, std::optional<AlignedFace> face) {
  Growing& growing = growing_[track];
  TrackPart& part = growing.part;
  part.track = track;
  if (limit_ == 0 && part.faces.size() >= kFacesPerPart && growing.detections >= min_detections_) {
    ready_.push_back(std::exchange(part, TrackPart{.track = track, .positions = {}, .faces = {}}));
  }
  ++growing.detections;
  part.positions.push_back(position);
  if (face) part.faces.push_back(std::move(*face));
  // Twice the limit leaves a choice at the end; a few more for tiny limits.
  if (limit_ > 0 && part.faces.size() >= std::max<size_t>(2 * limit_, 8)) Thin(growing);
}

void TrackBuilder::Thin(Growing& track) {
  std::vector<AlignedFace>& faces = track.part.faces;
  size_t kept = 0;
  for (size_t i = 0; i < faces.size(); i += 2) {
    if (i != kept) faces[kept] = std::move(faces[i]);
    ++kept;
  }
  faces.resize(kept);
  track.stride *= 2;
}

void TrackBuilder::End(int track, int min_detections) {
  auto node = growing_.extract(track);
  if (node.empty() || node.mapped().detections < min_detections) return;
  TrackPart part = std::move(node.mapped().part);
  const size_t have = part.faces.size();
  if (limit_ > 0 && have > limit_) {
    std::vector<AlignedFace> chosen;
    for (size_t i = 0; i < limit_; ++i) {  // the middle of each of `limit` equal stretches
      chosen.push_back(std::move(part.faces[(2 * i + 1) * have / (2 * limit_)]));
    }
    part.faces = std::move(chosen);
  }
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
