#pragma once

#include <filesystem>
#include <functional>
#include <string>
#include <vector>

#include "unmask/base/cancel.h"
#include "unmask/data/manifest.h"

namespace unmask {

struct PrepareOptions {
  int crop_size = 288;       // pixels
  double crop_scale = 1.7;   // wider than the 1.3 of inference: room for augmentation
  int faces_per_track = 16;  // spread evenly over each track; 0: all
  double detect_fps = 10;
  bool single_face = false;  // of a picture, only the most prominent face
  int threads = 0;           // 0: one per core

  void Validate() const;
};

struct PrepareFailure {
  std::filesystem::path file;
  std::string cause;
  std::string remedy;
};

struct PrepareResult {
  int64_t files = 0;  // that gave at least one face
  int64_t tracks = 0;
  int64_t faces = 0;
  std::vector<PrepareFailure> failures;         // could not be read
  std::vector<std::filesystem::path> no_faces;  // were read, but hold no face
};

// Media files in, a store of aligned crops out (see crop_store.h). A file that fails is noted and
// the others go on. Throws Error when the store cannot be written or no file gave a face (the only
// file's own error, where there is but one); then and on Cancelled nothing is left behind.
// `progress` is called with the number of files done.
PrepareResult Prepare(const std::vector<PrepareInput>& inputs, const std::filesystem::path& folder,
                      const PrepareOptions& options, const CancelToken* cancel = nullptr,
                      const std::function<void(int64_t)>& progress = nullptr);

}  // namespace unmask
