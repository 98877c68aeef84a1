#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <vector>

#include "unmask/base/cancel.h"
#include "unmask/face/alignment.h"
#include "unmask/face/detector.h"
#include "unmask/face/face.h"
#include "unmask/face/tracker.h"
#include "unmask/media/frame_source.h"

namespace unmask {

struct TrackStreamOptions {
  FaceDetectorOptions detector;
  TrackerOptions tracker;
  AlignmentOptions alignment;
  double detect_fps = 10;  // detections per second of video; 0: every frame
  // While the picture hardly changes; these are the faces to classify too. But twice as many as
  // faces are wanted from a track, and `detect_fps` where the length of the video is not known.
  // Where all faces are wanted, those of every frame at `detect_fps` are classified, and between
  // two searches they are followed by their landmarks. 0: `detect_fps`.
  double steady_fps = 10.0 / 3;
  bool thorough = false;      // search at `detect_fps` whatever moves; the candidates stay the same
  double short_clip = 3.0;    // clips of at most this many seconds are searched in every frame
  int faces_per_track = 32;   // crops per track, spread evenly over it; 0: all of them
  double min_presence = 0.5;  // landmarks below this reject a face that was to be classified

  void Validate() const;
};

// Where a track was at one moment, for drawing.
struct TrackPosition {
  int64_t frame = 0;
  double time = 0;
  Box box;               // of the detector
  bool detected = true;  // here, or in an earlier frame, from where landmarks lead on
};

// A stretch of a track. Without a limit of faces, a long track comes in several parts so that
// memory does not grow with the video (at most kFacesPerPart faces each); `last` marks its end.
inline constexpr int kFacesPerPart = 64;

struct TrackPart {
  int track = 0;
  std::vector<TrackPosition> positions;  // in every frame where it was found
  std::vector<AlignedFace> faces;        // those to classify
  bool last = false;
};

// What passed through, for reports and profiles. Times are seconds of work, unless they are called
// waits.
struct TrackStreamStats {
  int64_t frames_decoded = 0;
  int64_t frames_searched = 0;
  int64_t frames_followed = 0;  // not searched: faces, if any, were found by landmarks alone
  int64_t corrupt_frames = 0;
  int other_videos = 0;  // of the file, that are not looked at
  int64_t faces_found = 0;
  // By their presence, of those that were detected; only faces to classify are looked at so
  // closely.
  int64_t faces_rejected = 0;
  int64_t shot_cuts = 0;
  double decode_seconds = 0;
  double detect_seconds = 0;
  double landmark_seconds = 0;
  double align_seconds = 0;
  double decode_wait_seconds = 0;  // decoding was ahead of the rest
  double judge_wait_seconds = 0;   // Next() had no frame to go on with
};

// The networks that TrackStream needs; reused from file to file, by one stream at a time. Of the
// detector's options only the threads matter here; a stream has its own.
class FaceNetworks;
std::shared_ptr<FaceNetworks> LoadFaceNetworks(const FaceDetectorOptions& options);

// Media in, tracks of aligned faces out: decode → cut → detect → track → landmarks → align.
// Tracks shorter than the tracker's minimum never appear, except in pictures and in videos that
// have fewer frames than that. The same input gives the same output, whatever the number of
// threads.
//
// A thread of its own decodes ahead, others search for faces; Next() follows them, and searches
// where one is lost. `source` must outlive the stream and is used by that thread alone. Errors of
// the source come out of Next(), after what was decoded before them.
class TrackStream {
 public:
  // `progress` is called with the time of each frame that was looked at, within Next().
  TrackStream(FrameSource& source, std::shared_ptr<FaceNetworks> networks,
              const TrackStreamOptions& options, const CancelToken* cancel = nullptr,
              std::function<void(double)> progress = nullptr);
  ~TrackStream();

  // The next finished part, in the order in which tracks end; nothing at the end of the media.
  std::optional<TrackPart> Next();

  const TrackStreamStats& stats() const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace unmask
