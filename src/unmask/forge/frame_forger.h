#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "unmask/base/cancel.h"
#include "unmask/face/track_stream.h"
#include "unmask/forge/forgery.h"

namespace unmask {

// A face of one frame. Faces of one track have one number.
struct TrackedFace {
  int track = 0;
  FivePoints points{};
  std::vector<Point> mesh;  // kMeshSize landmarks in pixels of the frame
};
using FacesByFrame = std::map<int64_t, std::vector<TrackedFace>>;

// Every face of every frame, by the frame's number. `progress` is called with the time of each
// frame. Of `search` the threads do not matter, see LoadFaceNetworks().
FacesByFrame FindFacesByFrame(FrameSource& source, const std::shared_ptr<FaceNetworks>& networks,
                              const CancelToken* cancel = nullptr,
                              std::function<void(double)> progress = nullptr,
                              const FaceDetectorOptions& search = {});

// Lays a row of the table of forgeries into frames, each track forged in one way throughout.
class FrameForger {
 public:
  // The same seed forges the same way. Throws UsageError for an unknown forgery and for one that
  // needs another person's face, Error where what it needs besides faces is missing.
  FrameForger(const std::string& forgery, uint64_t seed);

  // What lies around the face stays.
  void Forge(const TrackedFace& face, Image& frame) const;

 private:
  const Forgery& forgery_;
  const uint64_t seed_;
};

}  // namespace unmask
