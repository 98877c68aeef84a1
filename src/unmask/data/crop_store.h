#pragma once

#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "unmask/face/face.h"

namespace unmask {

// A folder of aligned crops with their landmarks: what `prepare` writes and `train` reads.
//
//   STORE/store.json       format version, crop size, scale, what made it
//   STORE/files.jsonl      one media file a line
//   STORE/faces.jsonl      one face a line
//   STORE/crops/….png      lossless, so that storage adds no artefact
struct CropRecord {
  int64_t id = 0;          // of the face within the store
  std::string source;      // the media file it came from, as given
  std::string identity;    // the person; files that share one never straddle a split
  std::string split;       // "train", "val", "test" or ""
  int label = -1;          // 1 fake, 0 real, -1 unknown
  std::string class_name;  // "Deepfakes", "real", …; "" where the label is unknown or in old stores
  std::string quality;     // "c23", …; "" where it is not known
  int track = 0;
  Face face;  // landmarks in pixels of the original frame
  Similarity crop_from_frame;
};

// A media file that was looked at, whatever came of it.
struct SourceFile {
  std::string source;  // as in its CropRecords, like the next six
  std::string identity;
  std::string split;
  int label = -1;
  std::string class_name;
  std::string quality;
  int64_t tracks = 0;
  int64_t faces = 0;    // 0 with an empty `failure`: it was read and holds no face
  std::string failure;  // why it could not be read; its faces, if any, are not in the store
};

struct CropStoreInfo {
  int format_version = 1;
  int crop_size = 0;
  double crop_scale = 0;
  std::string program_version;
};

// Writes a store. The folder appears under its name when Finish() returns.
class CropStoreWriter {
 public:
  CropStoreWriter(const std::filesystem::path& folder, const CropStoreInfo& info);
  ~CropStoreWriter();
  void Add(const AlignedFace& face, CropRecord record);  // fills id, face, crop_from_frame
  void AddFile(const SourceFile& file);
  void Finish();

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

struct CropStore {
  std::filesystem::path path;
  CropStoreInfo info;
  std::vector<SourceFile> files;    // every file that was looked at, in order
  std::vector<CropRecord> records;  // their `face.mesh` may be empty: ask MeshInCrop()

  // Both may be called from several threads at once.
  Image ReadCrop(const CropRecord& record) const;
  // The kMeshSize landmarks in pixels of the crop.
  std::vector<Point> MeshInCrop(const CropRecord& record) const;
};

// Throws Error naming the file and line that is wrong.
CropStore OpenCropStore(const std::filesystem::path& folder);

}  // namespace unmask
