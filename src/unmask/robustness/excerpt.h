#pragma once

#include <filesystem>
#include <memory>

#include "unmask/base/cancel.h"
#include "unmask/face/track_stream.h"
#include "unmask/forge/frame_forger.h"
#include "unmask/media/memory_source.h"

namespace unmask {

// How much of a file is judged.
struct ExcerptOptions {
  double seconds = 2;    // of a video, from its middle; all of a shorter one
  int max_height = 720;  // higher videos are scaled down to so many pixels; 0: never

  void Validate() const;  // throws UsageError
};

// What is judged of a file, decoded, and where the faces are in it.
struct Excerpt {
  FrameSequence frames;
  FacesByFrame faces;    // in pixels of the frames
  int main_track = 0;    // of the tracks, the one whose faces cover most over all frames
  double face_size = 0;  // pixels: the median of FaceSize() over the main track; 0: no face
};

// Decodes the excerpt and looks for faces in each of its frames as `search` says. Videos are read
// from their start, since exact seeking is not to be had in every container. Throws Error for files
// that cannot be read, Cancelled when `cancel` is set meanwhile.
Excerpt ReadExcerpt(const std::filesystem::path& file, const ExcerptOptions& options,
                    const std::shared_ptr<FaceNetworks>& networks,
                    const CancelToken* cancel = nullptr, const FaceDetectorOptions& search = {});

// A copy in which every face is forged (see FrameForger). Nothing is encoded: the copy differs from
// the excerpt in the faces and nowhere else.
Excerpt Forged(const Excerpt& excerpt, const FrameForger& forger);

// The faces of the main track, by their frames' numbers.
std::map<int64_t, const TrackedFace*> MainFaces(const Excerpt& excerpt);

}  // namespace unmask
