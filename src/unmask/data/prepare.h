#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <string>
#include <vector>

#include "unmask/base/cancel.h"
#include "unmask/data/crop_store.h"
#include "unmask/data/manifest.h"

namespace unmask {

struct PrepareOptions {
  int crop_size = 288;       // pixels
  double crop_scale = 1.7;   // wider than the 1.3 of inference: room for augmentation
  int faces_per_track = 16;  // spread evenly over each track; 0: all
  double detect_fps = 10;
  bool single_face = false;  // of a picture, only the most prominent face
  int jobs = 0;     // files at a time; 0: one per core. The store is the same for any number
  int threads = 0;  // of all jobs together; 0: one per core
  int shard = 1;    // 1 … shards: this run takes every shards-th file
  int shards = 1;
  bool overwrite = false;  // begin anew where a store is; else an unfinished one is gone on with

  void Validate() const;
};

struct PrepareResult {
  std::vector<SourceFile> files;  // what came of each, see crop_store.h
  int64_t done_before = 0;        // of these, files that an earlier run had looked at
  bool was_finished = false;      // there was nothing left to do

  int64_t files_with_faces() const;
  int64_t tracks() const;
  int64_t faces() const;
};

// Media files in, a store of aligned crops out (see crop_store.h). Where the store is there and
// unfinished, it goes on with it.
//
// A file that fails is noted and the others go on. Inputs that are given twice are taken once.
// Throws Error when the store cannot be written, was begun with something else, a person is in two
// splits, or no file gave a face (the only file's own error, where there is but one; nothing is
// left then, and a shard may have no face). After Cancelled, a full disk or a crash the same call
// goes on.
//
// `progress` is called with the numbers of files done and of all, and the last one's name; first
// with what an earlier run had done and no name.
PrepareResult Prepare(
    const std::vector<PrepareInput>& inputs, const std::filesystem::path& path,
    const PrepareOptions& options, const CancelToken* cancel = nullptr,
    const std::function<void(int64_t, int64_t, const std::string&)>& progress = nullptr);

}  // namespace unmask
