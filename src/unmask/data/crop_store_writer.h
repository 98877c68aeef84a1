#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <vector>

#include "unmask/data/crop_store.h"

namespace unmask {

// A face as the store keeps it.
struct PackedFace {
  int track = 0;
  Face face;
  Similarity crop_from_frame;
  std::vector<uint8_t> picture;
};

// Packs the crop, the slow part: any thread may do it. Throws Error for faces without all landmarks
// or with numbers that are not finite.
PackedFace PackFace(const AlignedFace& face, int track);

// Writes a store, from one thread. Every face that was added before EndFile() of its file stays,
// even if the program is killed later. Lost are only files that ended within a second of the last
// writing, until more faces come; faces of files that were not ended are removed when the store is
// opened again.
class CropStoreWriter {
 public:
  // Begins a store, or goes on with an unfinished one. `files`: every file that is to be looked at;
  // what came of them so far is not read from here. Throws Error when the path is taken by
  // something else, and when the store there was begun with other options or files: the text names
  // the difference.
  CropStoreWriter(const std::filesystem::path& path, const CropStoreInfo& info,
                  const std::vector<SourceFile>& files);
  // Without Finish() the store stays, unfinished, unless nothing was done.
  ~CropStoreWriter();
  CropStoreWriter(const CropStoreWriter&) = delete;
  CropStoreWriter& operator=(const CropStoreWriter&) = delete;

  // Whether it was finished before; nothing may be added then.
  bool finished() const;
  // What came of every file so far, and whether it was looked at.
  const std::vector<SourceFile>& files() const;
  bool IsDone(size_t file) const;
  int64_t done() const;

  void Add(size_t file, const PackedFace& face);
  // `failure`: empty, or why the file cannot be read; its faces are removed then.
  void EndFile(size_t file, int64_t tracks, const std::string& failure, const std::string& remedy);
  void Finish();
  // Removes the store.
  void Discard();

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace unmask
