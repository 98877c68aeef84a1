#pragma once

#include <deque>
#include <map>
#include <optional>
#include <vector>

#include "unmask/face/track_stream.h"

namespace unmask {

// Collects the detections of tracks and hands out finished parts.
//
// With a limit of faces, memory stays bounded however long a track grows: it keeps every n-th
// candidate, and n doubles whenever the store is full. Where the track is expected to grow long, n
// begins higher, behind as many faces as are wanted. At the end the faces closest to an even spread
// are chosen. Without a limit, full parts are handed out as the track grows.
class TrackBuilder {
 public:
  // Of each track at most `faces_per_track` faces; 0: all. `expected`: candidates of a track that
  // lasts throughout; 0: not known.
  TrackBuilder(int faces_per_track, int min_detections, double expected = 0);

  // Whether Add() would keep the face of the track's next detection: others need no crop.
  // `candidate`: it may be judged; that at which a track begins always may.
  bool Wants(int track, bool candidate) const;

  // Whether the track has as many detections as it needs.
  bool IsConfirmed(int track) const;

  // Where a track was next. `face` is empty where it was not wanted.
  void Add(int track, const TrackPosition& position, bool candidate,
           std::optional<AlignedFace> face);

  // The track is complete; with fewer than `min_detections` it is dropped.
  void End(int track, int min_detections);

  // The next part that is ready.
  std::optional<TrackPart> Take();

 private:
  struct Growing {
    TrackPart part;
    int64_t positions = 0;
    int64_t detections = 0;  // those that the detector found
    int64_t candidates = 0;
    int64_t stride = 1;
    std::vector<int64_t> numbers;  // of part.faces among the candidates; where there is a limit
  };
  void Thin(Growing& track);
  void ChooseSpread(Growing& track) const;

  size_t limit_;
  int min_detections_;
  int64_t first_stride_ = 1;
  std::map<int, Growing> growing_;
  std::deque<TrackPart> ready_;
};

}  // namespace unmask
