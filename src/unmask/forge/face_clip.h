#pragma once

#include <filesystem>
#include <functional>
#include <memory>
#include <vector>

#include "unmask/base/cancel.h"
#include "unmask/face/track_stream.h"
#include "unmask/forge/clip_cut.h"

namespace unmask {

// The main face in one frame: of the tracks that are seen at a moment, the one that is largest over
// its whole time.
struct FaceMoment {
  std::vector<Point> mesh;  // pixels of the cut frame, smoothed over time; empty: no face
  int track = 0;            // another number: another shot or person, temporal state starts anew
};

// A face cut out of a clip, to take pixels from.
struct FacePatch {
  int64_t frame = 0;
  Image crop;               // square
  std::vector<Point> mesh;  // pixels of the crop
};

// What the forgeries need of a clip.
struct FaceClip {
  MediaInfo info;                   // after cutting
  std::vector<FaceMoment> moments;  // one a frame
  std::vector<FacePatch> patches;   // spread evenly over the frames with a face

  int64_t frames_with_face() const;
};

// How a face looks, to pair people who resemble each other.
struct FaceLook {
  float colour[3] = {0, 0, 0};  // mean of the middle of the face: R, G, B
  float size = 0;               // pixels, see FaceSize()
  float width = 0;              // of the face in relation to its height
  float turn = 0;               // of the head: 0 frontal, negative to the image's left
};

struct FoundFaces {
  MediaInfo info;
  std::vector<FaceMoment> moments;
  FaceLook look;  // mean over the frames
};

// Follows the main face through the clip.
FoundFaces FindMainFace(const std::filesystem::path& path, const ClipCut& cut,
                        const std::shared_ptr<FaceNetworks>& networks,
                        const CancelToken* cancel = nullptr,
                        const std::function<void(double)>& progress = nullptr);

// What FindMainFace() found, with at most `patches` patches of the face.
FaceClip CutFaces(ClipFrames& frames, std::vector<FaceMoment> moments, int patches,
                  const CancelToken* cancel = nullptr);

}  // namespace unmask
