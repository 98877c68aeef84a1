#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <string>

#include "unmask/base/cancel.h"

namespace unmask {

struct ForgeClipOptions {
  std::string forgery = "self-blend";  // a row of the table of forgeries
  uint64_t seed = 1;                   // the same seed forges the same way
  int crf = 18;                        // of the written video, 0 … 51
  int quality = 95;                    // of a written JPEG or WebP picture
  int threads = 0;
};

struct ForgeClipResult {
  int64_t frames = 0;
  int64_t forged_frames = 0;
  int64_t forged_faces = 0;
};

// Writes a manipulated copy of a video or picture: every face is forged, each track in one way
// throughout; what lies around the faces, the sound and the timing stay. Reads the input twice and
// keeps only landmarks in memory. Throws UsageError for a forgery that needs another person's face,
// Error when no face is found (nothing is written then), when `output` is the input, and for files
// that cannot be read or written. `progress` is called with the seconds of media done and in all.
ForgeClipResult ForgeClip(const std::filesystem::path& input, const std::filesystem::path& output,
                          const ForgeClipOptions& options, const CancelToken* cancel = nullptr,
                          const std::function<void(double, double)>& progress = nullptr);

}  // namespace unmask
