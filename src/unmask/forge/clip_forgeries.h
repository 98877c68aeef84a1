#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string_view>

#include "unmask/forge/face_clip.h"

namespace unmask {

// Forges the main face of one clip, frame by frame.
class FaceForger {
 public:
  virtual ~FaceForger() = default;

  // `frame`: the target's frame number `index`, in rising order; pixels away from the face stay,
  // and so does a frame without a face.
  virtual void Forge(int64_t index, Image& frame) = 0;
};

// A way to put (part of) another clip's face or expression into a clip; each stands for one of the
// four classes of FaceForensics++ (Rössler et al. 2019) without being that method.
struct ClipForgery {
  std::string_view name;        // "autoencoder-swap"
  std::string_view class_name;  // folder of FaceForensics++: "Deepfakes"
  std::string_view summary;     // one line for --help
  // Both clips must outlive the forger; the source needs patches. The same seed forges the same
  // way.
  std::unique_ptr<FaceForger> (*make)(const FaceClip& target, const FaceClip& source,
                                      uint64_t seed);
};

// The only list of forgeries of clips.
std::span<const ClipForgery> ClipForgeries();

// By name or class. Throws UsageError suggesting the nearest class.
const ClipForgery& FindClipForgery(std::string_view name);

// Each in its own file.
std::unique_ptr<FaceForger> MakeAutoencoderSwap(const FaceClip&, const FaceClip&, uint64_t seed);
std::unique_ptr<FaceForger> MakeGraphicsSwap(const FaceClip&, const FaceClip&, uint64_t seed);
std::unique_ptr<FaceForger> MakeReenactment(const FaceClip&, const FaceClip&, uint64_t seed);
std::unique_ptr<FaceForger> MakeMouthTexture(const FaceClip&, const FaceClip&, uint64_t seed);

}  // namespace unmask
